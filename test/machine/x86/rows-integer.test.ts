import { describe, expect, it } from 'vitest';
import { verify } from '../../../machine/ir/index.ts';
import { decode, decodeOperands } from '../../../machine/x86/decode.ts';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';
import type { Row } from '../../../machine/x86/row.ts';
import { X86_ARITHMETIC } from '../../../machine/x86/x86-arithmetic.ts';
import { X86_BITS } from '../../../machine/x86/x86-bits.ts';
import { X86_BRANCH } from '../../../machine/x86/x86-branch.ts';
import { X86_DATA } from '../../../machine/x86/x86-data.ts';
import { X86_EXCHANGE } from '../../../machine/x86/x86-exchange.ts';
import { X86_MULTIPLY } from '../../../machine/x86/x86-multiply.ts';
import { X86_SHIFT } from '../../../machine/x86/x86-shift.ts';
import { X86_STACK } from '../../../machine/x86/x86-stack.ts';
import { X86_STRING } from '../../../machine/x86/x86-string.ts';
import { X86_UNARY } from '../../../machine/x86/x86-unary.ts';

const ROWS: readonly Row[] = [
  ...X86_ARITHMETIC,
  ...X86_BITS,
  ...X86_BRANCH,
  ...X86_DATA,
  ...X86_EXCHANGE,
  ...X86_MULTIPLY,
  ...X86_SHIFT,
  ...X86_STACK,
  ...X86_STRING,
  ...X86_UNARY,
];

const MODES = { '64': CODE_64, '32': CODE_32, '16': CODE_16 } as const;

/** What follows ModRM, long enough for every immediate, offset and displacement. */
const TAIL = Array.from({ length: 16 }, () => 0x11);

/** The forms of ModRM that a row may have: a register, memory at [rAX], at [rBP + disp8], and with SIB in 32-bit addressing. */
function forms({ opcode: { modrm }, operands }: Row): number[][] {
  if (modrm.kind === 'none') return [[]];
  if (modrm.kind === 'fixed') return [[modrm.from]];
  const reg = (modrm.kind === 'digit' ? modrm.digit : 2) << 3;
  const onlyMemory = operands.some((code) => /^M[a-z]*$/.test(code));
  return [...(onlyMemory ? [] : [[0xc1 | reg]]), [reg], [0x45 | reg, 0x10], [0x44 | reg, 0x98, 0x10]];
}

/** Every encoding of a row in a mode: each form and each prefix that changes operands, addresses or repetition. */
function encodings(row: Row, mode: number): { bytes: Uint8Array; plain: boolean }[] {
  const { prefix, wide, map, first, modrm } = row.opcode;
  const mandatory = prefix !== undefined && !prefix.startsWith('N') ? [Number.parseInt(prefix, 16)] : [];
  const changes = [
    [],
    [0x67],
    ...(prefix === 'NP' ? [] : [[0x66]]),
    ...(row.repeat === undefined ? [] : [[0xf3], [0xf2]]),
    [0x64],
  ];
  const rex =
    mode !== CODE_64 ? [[]] : wide ? [[0x48], [0x4f]] : [[], [0x48], ...(row.withoutB === true ? [] : [[0x47]])];
  return forms(row).flatMap((form) =>
    changes.flatMap((change) =>
      rex.map((r) => ({
        bytes: Uint8Array.from([
          ...change,
          ...mandatory,
          ...r,
          ...[[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][map],
          first,
          ...form,
          ...TAIL,
        ]).slice(0, 15),
        plain: change.length === 0 && (r.length === 0 || wide) && modrm.kind !== 'fixed',
      })),
    ),
  );
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const present = (row: Row, mode: number) =>
  mode === CODE_64 ? row.only !== 'legacy' : row.only !== '64' && !row.opcode.wide;

/** Encodings that another row has, which says more about them. */
const more = (row: Row) => new Set(ROWS.filter((other) => other.opcode.first === row.opcode.first && other !== row));

describe.each(Object.entries(MODES))('integer rows in %s-bit code', (_, mode) => {
  const cases = ROWS.filter((row) => present(row, mode)).flatMap((row) =>
    encodings(row, mode).map((encoding) => ({ row, ...encoding })),
  );

  it('are found by their encodings', () => {
    const wrong = cases.filter(({ row, bytes, plain }) => {
      if (!plain) return false;
      const found = decodeOperands(bytes, mode);
      if (typeof found === 'number' || 'refused' in found) return true;
      return found.row !== row && !more(row).has(found.row);
    });
    expect(wrong.map(({ row, bytes }) => `${row.opcode.source} ${row.mnemonic}: ${hex(bytes)}`)).toEqual([]);
  });

  it('lift to blocks that keep the rules, whatever their prefixes', () => {
    const wrong = cases.flatMap(({ row, bytes }) => {
      const found = decode(bytes, mode);
      if (typeof found === 'number') return [`${row.mnemonic} ${hex(bytes)}: ${found} bytes`];
      return verify(found.block).map((problem) => `${row.mnemonic} ${hex(bytes)}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });
});
