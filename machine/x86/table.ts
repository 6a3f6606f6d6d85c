import type { Prefixes } from './prefixes.ts';
import type { OpcodeMap, Row } from './row.ts';

/** The rows of each opcode map by opcode. */
export class OpcodeTable {
  readonly rows: readonly Row[];
  private maps: Row[][][] | undefined;

  constructor(rows: readonly Row[]) {
    this.rows = rows;
  }

  /** The rows of an opcode, most special first. */
  at(map: OpcodeMap, opcode: number): readonly Row[] {
    this.maps ??= fill(this.rows);
    return this.maps[map][opcode];
  }

  /** Whether ModRM follows the opcode. */
  hasModrm(map: OpcodeMap, opcode: number): boolean {
    return this.at(map, opcode).some((row) => row.opcode.modrm.kind !== 'none');
  }

  /** The row of an opcode and what stands around it; `undefined`: the encoding is undefined. */
  find(map: OpcodeMap, opcode: number, modrm: number, prefixes: Prefixes, long: boolean): Row | undefined {
    return this.at(map, opcode).find((row) => matches(row, modrm, prefixes, long));
  }
}

/** Whether a row of the right opcode is the one that ModRM, prefixes and mode ask for. */
export function matches(row: Row, modrm: number, { rep, size66, rex }: Prefixes, long: boolean): boolean {
  const { opcode } = row;
  if (row.only !== undefined && (row.only === '64') !== long) return false;
  if (opcode.wide && (rex & 8) === 0) return false;
  if (row.withoutB && (rex & 1) !== 0) return false;
  switch (opcode.prefix) {
    case 'NP':
      if (rep !== 0 || size66) return false;
      break;
    case 'NFx':
      if (rep !== 0) return false;
      break;
    case '66':
      if (rep !== 0 || !size66) return false;
      break;
    case 'F2':
      if (rep !== 0xf2) return false;
      break;
    case 'F3':
      if (rep !== 0xf3) return false;
      break;
  }
  const form = opcode.modrm;
  if (form.kind === 'fixed') return modrm >= form.from && modrm < form.from + form.count;
  if (form.kind === 'digit' && ((modrm >> 3) & 7) !== form.digit) return false;
  const inMemory = modrm < 0xc0 && !ignoresMod(row);
  return row.operands.every((code) => {
    if (/^M[a-z]*$/.test(code)) return inMemory;
    return /^[NRU][a-z]+$/.test(code) ? !inMemory : true;
  });
}

/** MOV from and to control and debug registers takes any mod for 3 (SDM vol. 2B, MOV). */
export const ignoresMod = (row: Row): boolean => row.operands.some((code) => /^[CD]y$/.test(code));

/** How much a row asks for: one that asks for more goes before one that asks for less. */
export function demands({ opcode, operands, only }: Row): number {
  const prefix = opcode.prefix === undefined ? 0 : opcode.prefix.startsWith('N') ? 1 : 2;
  const modrm = { none: 0, any: 0, digit: 1, fixed: 3 }[opcode.modrm.kind];
  const form = operands.some((code) => /^[MNRU][a-z]*$/.test(code)) ? 1 : 0;
  return prefix * 16 + modrm * 4 + (opcode.wide ? 2 : 0) + form + (only ? 1 : 0);
}

function fill(rows: readonly Row[]): Row[][][] {
  const maps = Array.from({ length: 4 }, () => Array.from({ length: 256 }, (): Row[] => []));
  for (const row of rows) {
    const { map, first, count } = row.opcode;
    for (let k = 0; k < count; k++) maps[map][first + k].push(row);
  }
  for (const list of maps.flat()) list.sort((a, b) => demands(b) - demands(a));
  return maps;
}
