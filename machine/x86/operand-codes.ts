import type { Operand } from './decoded.ts';

/** What decides over the operands that a code stands for. Sizes in bytes. */
export interface OperandSizes {
  readonly operandSize: 2 | 4 | 8;
  readonly addressSize: 2 | 4 | 8;
  readonly rex: number;
  readonly opcode: number;
  readonly modrm: number;
  readonly long: boolean;
}

/** Bytes of an operand type (SDM vol. 2D, A.2.2). */
function sizeOf(type: string, { operandSize }: OperandSizes): number {
  switch (type) {
    case 'b':
      return 1;
    case 'w':
      return 2;
    case 'd':
    case 'ss':
      return 4;
    case 'q':
    case 'sd':
    case 'pi':
      return 8;
    case 't':
      return 10;
    case 'dq':
    case 'x':
    case 'ps':
    case 'pd':
      return 16;
    case 'v':
      return operandSize;
    case 'z':
      return Math.min(operandSize, 4);
    case 'y':
      return operandSize === 8 ? 8 : 4;
    // A far pointer; a pseudo-descriptor; two bounds; and memory of no particular size.
    case 'p':
      return operandSize + 2;
    case 's':
      return 10;
    case 'a':
      return 2 * operandSize;
    case '':
      return 0;
    default:
      throw new Error(`operand type ${type}`);
  }
}

/** How many bytes behind ModRM an operand code takes, and whether they are sign-extended. */
export function trailingBytes(code: string, sizes: OperandSizes): readonly [number, boolean] {
  switch (code) {
    case 'Ib':
      return [1, false];
    case 'sIb':
    case 'Jb':
      return [1, true];
    case 'Iw':
      return [2, false];
    case 'Iz':
      return [Math.min(sizes.operandSize, 4), true];
    case 'Iv':
      return [sizes.operandSize, false];
    case 'Jz':
      // In 64-bit mode near branches have 32 bits of displacement, whatever 66 says (Intel's processors).
      return [sizes.long ? 4 : Math.min(sizes.operandSize, 4), true];
    case 'Ap':
      return [Math.min(sizes.operandSize, 4), false];
    case 'Ob':
    case 'Ov':
      return [sizes.addressSize, false];
    default:
      return [0, false];
  }
}

const general = (number: number, size: number, rex: number): Operand => {
  // Without REX, byte registers 4 to 7 are AH, CH, DH and BH (SDM vol. 2A, table 3-1).
  const high = size === 1 && rex === 0 && number >= 4 && number < 8;
  return { kind: 'register', number: high ? number - 4 : number, size, high };
};

/** Control registers that exist: CR8 through REX.R alone. */
const CONTROL = new Set([0, 2, 3, 4, 8]);

/** Operands that an instruction names itself. */
function named(code: string, sizes: OperandSizes): Operand | undefined {
  const { operandSize } = sizes;
  const register = (number: number, size: number): Operand => ({ kind: 'register', number, size, high: false });
  switch (code) {
    case 'AL':
      return register(0, 1);
    case 'CL':
      return register(1, 1);
    case 'AX':
      return register(0, 2);
    case 'DX':
      return register(2, 2);
    case 'eAX':
      return register(0, Math.min(operandSize, 4));
    case 'rAX':
      return register(0, operandSize);
    case '1':
      return { kind: 'immediate', value: 1n, size: 0 };
    case '3':
      return { kind: 'immediate', value: 3n, size: 0 };
    case 'XMM0':
      return { kind: 'xmm', number: 0 };
    case 'ST':
      return { kind: 'st', number: 0 };
    case 'STi':
      return { kind: 'st', number: sizes.modrm & 7 };
    case 'ES':
    case 'CS':
    case 'SS':
    case 'DS':
    case 'FS':
    case 'GS':
      return { kind: 'segment', number: ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'].indexOf(code) };
    default:
      return undefined;
  }
}

/** The operand that a code of appendix A.2 stands for; `undefined`: the encoding names a register that does not exist. */
export function operandOf(code: string, sizes: OperandSizes, value: bigint, second: bigint): Operand | undefined {
  const known = named(code, sizes);
  if (known) return known;
  const { rex, modrm, opcode } = sizes;
  const [method, type] = code.startsWith('sI') ? ['I', code.slice(2)] : [code[0], code.slice(1)];
  const reg = ((modrm >> 3) & 7) | ((rex & 4) << 1);
  const rm = (modrm & 7) | ((rex & 1) << 3);
  const inMemory = modrm < 0xc0;
  const memory = (): Operand => ({ kind: 'memory', size: sizeOf(type, sizes) });
  switch (method) {
    case 'E':
      return inMemory ? memory() : general(rm, sizeOf(type, sizes), rex);
    case 'G':
      return general(reg, sizeOf(type, sizes), rex);
    case 'R':
      return general(rm, sizeOf(type, sizes), rex);
    case 'Z':
      return general((opcode & 7) | ((rex & 1) << 3), sizeOf(type, sizes), rex);
    case 'M':
      return memory();
    case 'O':
      return memory();
    case 'V':
      return { kind: 'xmm', number: reg };
    case 'U':
      return { kind: 'xmm', number: rm };
    case 'W':
      return inMemory ? memory() : { kind: 'xmm', number: rm };
    case 'P':
      return { kind: 'mmx', number: reg & 7 };
    case 'N':
      return { kind: 'mmx', number: rm & 7 };
    case 'Q':
      return inMemory ? memory() : { kind: 'mmx', number: rm & 7 };
    case 'S':
      return (reg & 7) > 5 ? undefined : { kind: 'segment', number: reg & 7 };
    case 'C':
      return CONTROL.has(reg) ? { kind: 'control', number: reg } : undefined;
    case 'D':
      return reg > 7 ? undefined : { kind: 'debug', number: reg };
    case 'X':
      return { kind: 'string', by: 'si', size: sizeOf(type, sizes) };
    case 'Y':
      return { kind: 'string', by: 'di', size: sizeOf(type, sizes) };
    case 'I':
      return { kind: 'immediate', value, size: type === 'b' ? 1 : sizeOf(type, sizes) };
    case 'J':
      return { kind: 'relative', value: BigInt.asIntN(64, value) };
    case 'A':
      return { kind: 'far', selector: Number(second), offset: value };
    default:
      throw new Error(`operand code ${code}`);
  }
}
