import { describe, expect, it } from 'vitest';
import { decodeOperands, MAX_BYTES, TABLE } from '../../../machine/x86/decode.ts';
import type { Prefixes } from '../../../machine/x86/prefixes.ts';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';
import type { OpcodeMap } from '../../../machine/x86/row.ts';
import { demands, matches } from '../../../machine/x86/table.ts';

const NONE: Prefixes = {
  length: 0,
  lock: false,
  rep: 0,
  size66: false,
  address67: false,
  segment: undefined,
  rex: 0,
};

/** Each digit in memory, and all ModRM of registers. */
const FORMS = [...Array(8).keys()].map((digit) => digit << 3).concat([...Array(64).keys()].map((k) => 0xc0 | k));

function* prefixes(long: boolean): Generator<Prefixes> {
  for (const rep of [0, 0xf2, 0xf3] as const) {
    for (const size66 of [false, true]) {
      for (const rex of long ? [0, 0x48] : [0]) yield { ...NONE, rep, size66, rex };
    }
  }
}

describe('every encoding has one row', () => {
  it('no two rows ask for as much and take the same opcode, ModRM, prefixes and mode', () => {
    const shared = new Set<string>();
    for (const map of [0, 1, 2, 3] as const satisfies readonly OpcodeMap[]) {
      for (let opcode = 0; opcode < 256; opcode++) {
        const rows = TABLE.at(map, opcode);
        if (rows.length < 2) continue;
        for (const long of [true, false]) {
          for (const p of prefixes(long)) {
            for (const modrm of FORMS) {
              const [first, second] = rows.filter((row) => matches(row, modrm, p, long));
              if (second === undefined || demands(first) !== demands(second)) continue;
              shared.add(
                [first, second].map(({ opcode: { source }, mnemonic }) => `${source} ${mnemonic}`).join(' and '),
              );
            }
          }
        }
      }
    }
    expect([...shared]).toEqual([]);
  });
});

describe('lengths', () => {
  const decode = (text: string, mode: number) =>
    decodeOperands(
      Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16)),
      mode,
    );
  const prefixed = (count: number) => [...Array(count).fill('66'), '90'].join(' ');

  const cases: [string, string, number, unknown][] = [
    ['2.3.11: 15 bytes', prefixed(14), CODE_64, { length: 15 }],
    ['2.3.11: 16 bytes are too long', prefixed(15), CODE_64, { refused: 'too long' }],
    ['prefixes alone, 15', Array(MAX_BYTES).fill('66').join(' '), CODE_64, { refused: 'too long' }],
    [
      'prefixes alone, 14',
      Array(MAX_BYTES - 1)
        .fill('66')
        .join(' '),
      CODE_64,
      15,
    ],
    ['nothing but an opcode that wants ModRM', '01', CODE_64, 2],
    ['ModRM that wants SIB', '01 04', CODE_64, 3],
    ['SIB that wants a displacement', '01 04 25', CODE_64, 7],
    ['the same by 16-bit addresses', '67 01 06', CODE_32, 5],
    ['a near branch with 66 has 32 bits (Intel’s)', '66 e9 00 00', CODE_64, 6],
    ['the same outside 64-bit mode', '66 e9 00 00', CODE_32, { length: 4 }],
    ['B8 with REX.W', '48 b8', CODE_64, 10],
    ['REX is an opcode outside 64-bit mode', '48', CODE_32, { length: 1 }],
    ['REX before 66 is ignored', '48 66 b8 00 00', CODE_64, { length: 5, operandSize: 2 }],
    ['66 in 16-bit code', '66 b8 00 00 00 00', CODE_16, { length: 6, operandSize: 4 }],
    ['LOCK before a register', 'f0 01 c0', CODE_64, { refused: 'undefined' }],
    ['LOCK before MOV', 'f0 89 00', CODE_64, { refused: 'undefined' }],
    ['MOV CR3 ignores mod', '0f 22 18', CODE_64, { length: 3 }],
  ];
  it.each(cases)('%s: %s', (_, text, mode, expected) => {
    const result = decode(text, mode);
    if (typeof expected === 'number') expect(result).toBe(expected);
    else expect(result).toMatchObject(expected as object);
  });
});
