import type { AccessShape } from '../access.ts';
import type { AmoOperation, OpName } from './ops.ts';
import type { Slot, ValueType } from './slots.ts';

/** One operation of a block and, where it has a result, that value. `id` numbers the nodes of a block from 0. */
export interface Node {
  readonly id: number;
  readonly op: OpName;
  readonly args: readonly Node[];
  readonly attributes: Attributes;
}

/** What an operation carries beside its operands; which of these depends on the operation. */
export interface Attributes {
  /** `i32.const`, `i64.const`, `v128.const` */
  readonly value?: number | bigint;
  /** `slot.*` */
  readonly slot?: Slot;
  /** `i8x16.shuffle`: sixteen; `*.extract_lane` and `*.replace_lane`: one */
  readonly lanes?: readonly number[];
  /** memory operations */
  readonly shape?: AccessShape;
  readonly signed?: boolean;
  readonly amo?: AmoOperation;
  /** `call` */
  readonly helper?: string;
  readonly immediates?: readonly number[];
  readonly reads?: readonly Slot[];
  readonly writes?: readonly Slot[];
  /** `trap.if`: the target's number for the exception */
  readonly cause?: number;
}

/** A value of a known type. */
export interface Value<T extends ValueType = ValueType> extends Node {
  readonly type: T;
}

export type I32 = Value<'i32'>;
export type I64 = Value<'i64'>;
export type V128 = Value<'v128'>;

/** The IR of one guest instruction: straight-line, ending in at most one terminal (`jump` or `branch`). */
export interface Block {
  readonly nodes: readonly Node[];
}
