import type { ValueType } from '../../../machine/ir/index.ts';

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

const TYPE = { i32: 0x7f, i64: 0x7e } as const;
const section = (id: number, ...content: number[]) => [id, content.length, ...content];

/** The host's WebAssembly instruction of that opcode, as a function; i64 goes in and comes out as BigInt does, signed. */
export function wasmInstruction(opcode: number, args: readonly ValueType[], result: ValueType) {
  const types = [...args, result].map((type) => {
    if (type === 'v128') throw new Error('v128 cannot cross to JavaScript');
    return TYPE[type];
  });
  const body = [0, ...args.flatMap((_, i) => [0x20, i]), opcode, 0x0b];
  const module = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, args.length, ...types.slice(0, -1), 1, types[args.length]),
    ...section(3, 1, 0),
    ...section(7, 1, 1, 'f'.charCodeAt(0), 0, 0),
    ...section(10, 1, body.length, ...body),
  ]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module));
  return instance.exports.f as (...args: (number | bigint)[]) => number | bigint;
}
