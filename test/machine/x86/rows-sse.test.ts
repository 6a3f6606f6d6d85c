import { describe, expect, it } from 'vitest';
import { verify } from '../../../machine/ir/index.ts';
import { decode, decodeOperands } from '../../../machine/x86/decode.ts';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';
import type { Row } from '../../../machine/x86/row.ts';
import { X86_MMX } from '../../../machine/x86/x86-mmx.ts';
import { X86_SSE_CONVERT } from '../../../machine/x86/x86-sse-convert.ts';
import { X86_SSE_FLOAT } from '../../../machine/x86/x86-sse-float.ts';
import { X86_SSE_INTEGER } from '../../../machine/x86/x86-sse-integer.ts';
import { X86_SSE_LOGIC } from '../../../machine/x86/x86-sse-logic.ts';
import { X86_SSE_MOVES } from '../../../machine/x86/x86-sse-moves.ts';
import { X86_SSE_STRINGS } from '../../../machine/x86/x86-sse-strings.ts';

const ROWS = [
  ...X86_SSE_MOVES,
  ...X86_SSE_LOGIC,
  ...X86_SSE_FLOAT,
  ...X86_SSE_CONVERT,
  ...X86_SSE_INTEGER,
  ...X86_SSE_STRINGS,
  ...X86_MMX,
];

/** Encodings of a row: with a register and with memory at [rAX], [rBP + disp8] in its r/m field, where it may have them. */
function encodings({ opcode, operands }: Row): Uint8Array[] {
  const { prefix, wide, map, first, modrm } = opcode;
  const head = [
    ...(prefix !== undefined && !prefix.startsWith('N') ? [Number.parseInt(prefix, 16)] : []),
    ...(wide ? [0x48] : []),
    ...[[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][map],
    first,
  ];
  const immediate = operands.includes('Ib') ? [0x5a] : [];
  if (modrm.kind === 'none') return [Uint8Array.from([...head, ...immediate])];
  if (modrm.kind === 'fixed') return [Uint8Array.from([...head, modrm.from, ...immediate])];
  const reg = (modrm.kind === 'digit' ? modrm.digit : 2) << 3;
  const onlyMemory = operands.some((code) => /^M[a-z]+$/.test(code));
  const onlyRegister = operands.some((code) => /^[NRU][a-z]+$/.test(code));
  const forms = [...(onlyMemory ? [] : [[0xc1 | reg]]), ...(onlyRegister ? [] : [[reg], [0x45 | reg, 0x10]])];
  return forms.map((form) => Uint8Array.from([...head, ...form, ...immediate]));
}

const cases = ROWS.flatMap((row) =>
  encodings(row).flatMap((bytes) =>
    [CODE_64, CODE_32, CODE_16]
      .filter((mode) => mode === CODE_64 || !row.opcode.wide)
      .map((mode) => ({ row, bytes, mode })),
  ),
);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('rows of SSE and MMX', () => {
  it('are found by their encodings', () => {
    const wrong = cases.filter(({ row, bytes, mode }) => {
      const found = decodeOperands(bytes, mode);
      return typeof found === 'number' || 'refused' in found || found.row !== row;
    });
    expect(wrong.map(({ row, bytes, mode }) => `${row.opcode.source} ${row.mnemonic}: ${hex(bytes)} ${mode}`)).toEqual(
      [],
    );
  });

  it('lift to blocks that keep the rules, in every mode', () => {
    const wrong = cases.flatMap(({ row, bytes, mode }) => {
      const found = decode(bytes, mode);
      if (typeof found === 'number') return [`${row.mnemonic} ${hex(bytes)}: ${found} bytes`];
      return verify(found.block).map((problem) => `${row.mnemonic} ${hex(bytes)} ${mode}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });
});
