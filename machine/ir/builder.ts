import { type AccessTraits, type Atomicity, accessShape } from '../access.ts';
import type { Attributes, Block, I32, I64, Node, V128, Value } from './block.ts';
import type { LaneShape } from './lanes.ts';
import { type AmoOperation, OPS, type OpName, type OpRow, type PureOp } from './ops.ts';
import type { Slot } from './slots.ts';

/** Options of a load: its size in bytes, and how it extends to 64 bits. */
export interface LoadOptions {
  readonly size: number;
  readonly signed?: boolean;
  readonly atomicity?: Atomicity;
  /** The instruction will store there: the load is judged as that store. */
  readonly forStore?: boolean;
  readonly traits?: AccessTraits;
}

/** Options of a store. */
export interface StoreOptions {
  readonly atomicity?: 'plain' | 'ordered';
  readonly traits?: AccessTraits;
}

/** Builds the IR of one instruction, in program order. */
export class Builder {
  private readonly nodes: Node[] = [];

  private emit<T extends Node>(op: OpName, args: readonly Node[], attributes: Attributes = {}): T {
    const row: OpRow = OPS[op];
    const node = { id: this.nodes.length, op, args, attributes, type: row.result };
    this.nodes.push(node);
    return node as unknown as T;
  }

  /** A pure operation by its name in the table. */
  pure<P extends PureOp>(op: P, ...args: Node[]): Value<(typeof OPS)[P]['result']> {
    return this.emit(op, args);
  }

  /** Bytes of `a` (numbers 0 to 15) and `b` (16 to 31), sixteen of them, the lowest first. */
  shuffle(a: V128, b: V128, lanes: readonly number[]): V128 {
    return this.emit('i8x16.shuffle', [a, b], { lanes });
  }

  /** One lane, zero-extended. */
  extractLane(shape: LaneShape, a: V128, lane: number): I64 {
    return this.emit(`${shape}.extract_lane`, [a], { lanes: [lane] });
  }

  /** `a` with the low bits of `value` in one lane. */
  replaceLane(shape: LaneShape, a: V128, lane: number, value: I64): V128 {
    return this.emit(`${shape}.replace_lane`, [a, value], { lanes: [lane] });
  }

  block(): Block {
    return { nodes: this.nodes };
  }

  // Values
  i64 = (value: bigint): I64 => this.emit('i64.const', [], { value: BigInt.asUintN(64, value) });
  i32 = (value: number): I32 => this.emit('i32.const', [], { value: value | 0 });
  pc = (): I64 => this.emit('pc', []);
  get = (slot: Slot): I64 => this.emit('slot.get', [], { slot });
  get32 = (slot: Slot): I32 => this.emit('slot.get32', [], { slot });

  get128 = (slot: Slot): V128 => this.emit('slot.get128', [], { slot });
  v128 = (value: bigint): V128 => this.emit('v128.const', [], { value: BigInt.asUintN(128, value) });

  // 64-bit arithmetic
  add = (a: I64, b: I64): I64 => this.pure('i64.add', a, b);
  sub = (a: I64, b: I64): I64 => this.pure('i64.sub', a, b);
  mul = (a: I64, b: I64): I64 => this.pure('i64.mul', a, b);
  and = (a: I64, b: I64): I64 => this.pure('i64.and', a, b);
  or = (a: I64, b: I64): I64 => this.pure('i64.or', a, b);
  xor = (a: I64, b: I64): I64 => this.pure('i64.xor', a, b);
  shl = (a: I64, count: I64): I64 => this.pure('i64.shl', a, count);
  shrS = (a: I64, count: I64): I64 => this.pure('i64.shr_s', a, count);
  shrU = (a: I64, count: I64): I64 => this.pure('i64.shr_u', a, count);
  extend8s = (a: I64): I64 => this.pure('i64.extend8_s', a);
  extend16s = (a: I64): I64 => this.pure('i64.extend16_s', a);
  extend32s = (a: I64): I64 => this.pure('i64.extend32_s', a);
  extendI32u = (a: I32): I64 => this.pure('i64.extend_i32_u', a);
  /** The low 32 bits: of a constant a constant, of a zero-extended i32 that itself. */
  wrap(a: I64): I32 {
    const { op, args, attributes } = a;
    if (op === 'i64.const') return this.i32(Number(BigInt.asIntN(32, attributes.value as bigint)));
    return op === 'i64.extend_i32_u' ? (args[0] as I32) : this.pure('i32.wrap_i64', a);
  }

  eq = (a: I64, b: I64): I32 => this.pure('i64.eq', a, b);
  ne = (a: I64, b: I64): I32 => this.pure('i64.ne', a, b);
  ltS = (a: I64, b: I64): I32 => this.pure('i64.lt_s', a, b);
  ltU = (a: I64, b: I64): I32 => this.pure('i64.lt_u', a, b);
  geS = (a: I64, b: I64): I32 => this.pure('i64.ge_s', a, b);
  geU = (a: I64, b: I64): I32 => this.pure('i64.ge_u', a, b);
  select = (condition: I32, a: I64, b: I64): I64 => this.pure('i64.select', condition, a, b);

  // Effects
  set = (slot: Slot, value: I64): void => void this.emit('slot.set', [value], { slot });
  set32 = (slot: Slot, value: I32): void => void this.emit('slot.set32', [value], { slot });
  set128 = (slot: Slot, value: V128): void => void this.emit('slot.set128', [value], { slot });

  load(address: I64, { size, signed = false, atomicity = 'plain', forStore = false, traits }: LoadOptions): I64 {
    const shape = accessShape(forStore ? 'store' : 'load', size, atomicity, traits);
    return this.emit('load', [address], { shape, signed });
  }

  store(address: I64, value: I64, size: number, { atomicity = 'plain', traits }: StoreOptions = {}): void {
    this.emit('store', [address, value], { shape: accessShape('store', size, atomicity, traits) });
  }

  load128(address: I64, atomicity: 'plain' | 'reserved' = 'plain', traits?: AccessTraits): V128 {
    return this.emit('v128.load', [address], { shape: accessShape('load', 16, atomicity, traits) });
  }

  store128(address: I64, value: V128, traits?: AccessTraits): void {
    this.emit('v128.store', [address, value], { shape: accessShape('store', 16, 'plain', traits) });
  }

  storeConditional(address: I64, value: I64, size: number): I32 {
    return this.emit('store.conditional', [address, value], { shape: accessShape('store', size, 'conditional') });
  }

  amo(amo: AmoOperation, address: I64, value: I64, size: number, signed = true): I64 {
    return this.emit('amo', [address, value], { amo, signed, shape: accessShape('store', size, 'amo') });
  }

  storeConditional128(address: I64, value: V128): I32 {
    return this.emit('v128.store.conditional', [address, value], { shape: accessShape('store', 16, 'conditional') });
  }

  /** Compare-and-swap: the old value, zero-extended. */
  cas(address: I64, expected: I64, value: I64, size: number): I64 {
    return this.emit('cas', [address, expected, value], { shape: accessShape('store', size, 'amo') });
  }

  cas128(address: I64, expected: V128, value: V128): V128 {
    return this.emit('v128.cas', [address, expected, value], { shape: accessShape('store', 16, 'amo') });
  }

  /** Calls the target's helper; what it reads and writes must be named. */
  call(
    helper: string,
    immediates: readonly number[],
    effects: { reads?: readonly Slot[]; writes?: readonly Slot[] },
  ): void {
    this.emit('call', [], { helper, immediates, reads: effects.reads ?? [], writes: effects.writes ?? [] });
  }

  trapIf(condition: I32, cause: number, value: I64): void {
    this.emit('trap.if', [condition, value], { cause });
  }

  endIf(condition: I32): void {
    this.emit('end.if', [condition]);
  }

  jump(target: I64): void {
    this.emit('jump', [target]);
  }

  branch(condition: I32, target: I64): void {
    this.emit('branch', [condition, target]);
  }
}
