import { expect, it } from 'vitest';
import { DecodeTable, rowMaker } from '../../../machine/decode/index.ts';

const row = rowMaker({ a: { width: 4 }, b: { width: 4 } });
const nothing = () => {};
const ZERO = row('00000000 a b', 'zero a, b', nothing, { where: ({ b }) => b === 0 });
const REST = row('00000000 a b', 'rest a, b', nothing, { where: ({ b }) => b !== 0 });
const WIDE = row('a 0001 b 0000', 'wide a, b', nothing);
const TABLE = new DecodeTable([ZERO, REST, WIDE], 0xff00);

const cases: [number, string | undefined][] = [
  [0x0050, 'zero'],
  [0x0051, 'rest'],
  // A row that leaves bits of the bucket open is found under each of their values
  [0x0150, 'wide'],
  [0xf150, 'wide'],
  // Found in the right bucket, but another of its bits differs
  [0x0151, undefined],
  // In no bucket
  [0x0250, undefined],
];
it.each(cases)('%#x is %s', (word, name) => {
  const match = TABLE.find(word);
  expect(match?.row.syntax.split(' ')[0]).toBe(name);
  expect(TABLE.findAll(word)).toEqual(match ? [match.row] : []);
});

it('findAll shows rows that take the same word', () => {
  const again = row('00000000 a b', 'again a, b', nothing);
  expect(new DecodeTable([ZERO, again], 0xff00).findAll(0x0050)).toEqual([ZERO, again]);
});
