import type { Scalar, ValueType } from '../../../machine/ir/index.ts';

/** WebAssembly's opcode of each IR operation that is one of its own (core spec 5.4, numeric and parametric instructions). */
export const WASM_OPCODES: Readonly<Record<string, number>> = {
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i64.eq': 0x51,
  'i64.ne': 0x52,
  'i64.lt_s': 0x53,
  'i64.lt_u': 0x54,
  'i64.ge_s': 0x59,
  'i64.ge_u': 0x5a,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i64.clz': 0x79,
  'i64.ctz': 0x7a,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.div_s': 0x7f,
  'i64.div_u': 0x80,
  'i64.rem_s': 0x81,
  'i64.rem_u': 0x82,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'i64.rotr': 0x8a,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_s': 0xac,
  'i64.extend_i32_u': 0xad,
  'i64.extend8_s': 0xc2,
  'i64.extend16_s': 0xc3,
  'i64.extend32_s': 0xc4,
};

/** Sub-opcodes behind 0xfd (core spec 5.4.8) of the operations on vectors; of each shape, those at its own places. */
const VECTOR_OPCODES: Readonly<Record<string, number>> = {
  'i8x16.shuffle': 0x0d,
  'i8x16.swizzle': 0x0e,
  'i8x16.splat': 0x0f,
  'i16x8.splat': 0x10,
  'i32x4.splat': 0x11,
  'i64x2.splat': 0x12,
  // Unsigned, where there are two.
  'i8x16.extract_lane': 0x16,
  'i8x16.replace_lane': 0x17,
  'i16x8.extract_lane': 0x19,
  'i16x8.replace_lane': 0x1a,
  'i32x4.extract_lane': 0x1b,
  'i32x4.replace_lane': 0x1c,
  'i64x2.extract_lane': 0x1d,
  'i64x2.replace_lane': 0x1e,
  'v128.not': 0x4d,
  'v128.and': 0x4e,
  'v128.andnot': 0x4f,
  'v128.or': 0x50,
  'v128.xor': 0x51,
  'v128.bitselect': 0x52,
  ...compares('i8x16', 0x23),
  ...compares('i16x8', 0x2d),
  ...compares('i32x4', 0x37),
  'i64x2.eq': 0xd6,
  'i64x2.gt_s': 0xd9,
  'i64x2.ge_s': 0xdb,
  ...arithmetic('i8x16', 0x60),
  ...arithmetic('i16x8', 0x80),
  ...arithmetic('i32x4', 0xa0),
  ...arithmetic('i64x2', 0xc0),
};

function compares(shape: string, from: number): Record<string, number> {
  const at = { eq: 0, gt_s: 4, gt_u: 5, ge_s: 8, ge_u: 9 };
  return Object.fromEntries(Object.entries(at).map(([name, offset]) => [`${shape}.${name}`, from + offset]));
}

function arithmetic(shape: string, from: number): Record<string, number> {
  const at = { abs: 0, neg: 1, shl: 11, shr_s: 12, shr_u: 13, add: 14, sub: 17, mul: 21 };
  const extremes = { min_s: 22, min_u: 23, max_s: 24, max_u: 25 };
  return Object.fromEntries(
    Object.entries({ ...at, ...extremes }).map(([name, offset]) => [`${shape}.${name}`, from + offset]),
  );
}

const WRAP = 0xa7;
const EXTEND = 0xad;
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);

/** The bytes of an operation: lanes of less than 64 bits are i32 in WebAssembly and i64 in the IR. */
function instructionOf(op: string, lanes: readonly number[]): number[] {
  const opcode = WASM_OPCODES[op];
  if (opcode !== undefined) return [opcode];
  const vector = VECTOR_OPCODES[op];
  if (vector === undefined) throw new Error(`WebAssembly has no ${op}`);
  const narrow = !op.startsWith('i64x2.');
  const bytes = [0xfd, ...leb(vector), ...lanes];
  if (narrow && /splat|replace_lane/.test(op)) return [WRAP, ...bytes];
  return narrow && op.endsWith('extract_lane') ? [...bytes, EXTEND] : bytes;
}

const TYPE = { i32: 0x7f, i64: 0x7e } as const;
const section = (id: number, ...content: number[]) => [id, ...leb(content.length), ...content];
const name = (text: string) => [text.length, ...Buffer.from(text)];
/** Where operand `i` of 128 bits lies in the instance's memory; the result lies behind the operands. */
const place = (i: number) => i * 16;

/**
 * The host's WebAssembly instruction for an operation, as a function of unsigned operands and result (an i32 is signed).
 * Vectors, which cannot cross to JavaScript, go through a memory.
 */
export function wasmInstruction(
  op: string,
  args: readonly ValueType[],
  result: ValueType,
  lanes: readonly number[] = [],
) {
  const scalars = args.filter((type) => type !== 'v128').map((type) => TYPE[type as 'i32' | 'i64']);
  let parameter = 0;
  const operands = args.flatMap((type, i) =>
    type === 'v128' ? [0x41, ...leb(place(i)), 0xfd, 0x00, 4, 0] : [0x20, parameter++],
  );
  const core = [...operands, ...instructionOf(op, lanes)];
  const wide = result === 'v128';
  const body = [0, ...(wide ? [0x41, ...leb(place(args.length)), ...core, 0xfd, 0x0b, 4, 0] : core), 0x0b];
  const module = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, scalars.length, ...scalars, ...(result === 'v128' ? [0] : [1, TYPE[result]])),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name('f'), 0, 0, ...name('m'), 2, 0),
    ...section(10, 1, ...leb(body.length), ...body),
  ]);
  const { f, m } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  const call = f as (...operands: Scalar[]) => Scalar;
  const memory = new BigUint64Array((m as WebAssembly.Memory).buffer);
  return (...values: Scalar[]): Scalar => {
    values.forEach((value, i) => {
      if (args[i] !== 'v128') return;
      memory[place(i) / 8] = BigInt(value);
      memory[place(i) / 8 + 1] = BigInt(value) >> 64n;
    });
    const returned = call(...values.filter((_, i) => args[i] !== 'v128'));
    const at = place(args.length) / 8;
    if (wide) return memory[at] | (memory[at + 1] << 64n);
    return typeof returned === 'bigint' ? BigInt.asUintN(64, returned) : returned;
  };
}
