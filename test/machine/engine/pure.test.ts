import { describe, expect, it } from 'vitest';
import type { Context } from '../../../machine/engine/context.ts';
import { FAST } from '../../../machine/engine/pure.ts';
import {
  type Builder,
  type I64,
  type LaneShape,
  type Node,
  OPS,
  type OpName,
  type OpRow,
  type Scalar,
  type V128,
} from '../../../machine/ir/index.ts';
import { laneLists, operandTuples } from '../ir/operands.ts';
import { A, run, V, W } from './compiled.ts';

/** An operation that carries numbers of lanes, built as its own method does. */
function withLanes(b: Builder, op: OpName, [first, second]: readonly Node[], lanes: readonly number[]): Node {
  const [shape, name] = op.split('.') as [LaneShape, string];
  if (name === 'shuffle') return b.shuffle(first as V128, second as V128, lanes);
  if (name === 'extract_lane') return b.extractLane(shape, first as V128, lanes[0]);
  return b.replaceLane(shape, first as V128, lanes[0], second as I64);
}

describe('operations without a call through the table mean what the table says, in each form', () => {
  it.each(Object.entries(FAST))('%s', (name, forms) => {
    const { args, eval: meaning } = OPS[name as OpName] as OpRow;
    const evaluate = meaning as unknown as (...operands: Scalar[]) => Scalar;
    const u64 = new BigUint64Array(4);
    const context = { u64, i32: new Int32Array(u64.buffer) } as unknown as Context;
    const { values, constant, slots, slot, slotConstant } = forms!;
    for (const operands of operandTuples(args, 3000)) {
      const [a, b] = operands.map((value) => () => value) as (() => never)[];
      const k = operands[1] as never;
      if (args[0] === 'i64') u64.set(operands as bigint[], 2);
      const got = {
        values: values(a, b),
        constant: constant?.(a, k),
        slots: slots?.(2, 3),
        slot: slot?.(2),
        slotConstant: slotConstant?.(2, k),
      };
      for (const [form, read] of Object.entries(got)) {
        if (read) expect(read(context), `${name} ${form} ${operands}`).toBe(evaluate(...operands));
      }
    }
  });
});

describe('each operation, compiled', () => {
  const pure = (Object.entries(OPS) as [OpName, OpRow][]).filter(([, row]) => row.eval);
  const wide = (slots: readonly bigint[], at: number) => slots[at] | (slots[at + 1] << 64n);

  it.each(pure)('%s', (op, row) => {
    const { args, result, eval: meaning } = row;
    const evaluate = meaning as unknown as (...operands: (Scalar | readonly number[])[]) => Scalar;
    for (const lanes of laneLists(row)) {
      for (const operands of operandTuples(args, 50)) {
        // Vectors are constants, or come from slots, where the engine may leave them.
        const vectors = operands.filter((_, i) => args[i] === 'v128') as bigint[];
        const inSlots = vectors.slice(0, 2).flatMap((value) => [BigInt.asUintN(64, value), value >> 64n]);
        for (const fromSlots of vectors.length > 0 ? [false, true] : [false]) {
          const { slots } = run(
            (b) => {
              const places = [V, W];
              const nodes: Node[] = operands.map((value, i) => {
                if (args[i] === 'i32') return b.i32(value as number);
                if (args[i] === 'i64') return b.i64(value as bigint);
                const slot = fromSlots ? places.shift() : undefined;
                return slot ? b.get128(slot) : b.v128(value as bigint);
              });
              const value = lanes ? withLanes(b, op, nodes, lanes) : b.pure(op as 'i64.add', ...nodes);
              if (result === 'v128') b.set128(W, value as unknown as V128);
              else if (result === 'i64') b.set(A, value as I64);
              else b.set(A, b.pure('i64.extend_i32_s', value));
            },
            [0n, 0n, 0n, 0n, ...inSlots, ...Array<bigint>(4 - inSlots.length).fill(0n)],
          );
          const expected = BigInt(lanes ? evaluate(...operands, lanes) : evaluate(...operands));
          const got = result === 'v128' ? wide(slots, 6) : slots[0];
          expect(got, `${op} ${operands} ${lanes}`).toBe(result === 'v128' ? expected : BigInt.asUintN(64, expected));
        }
      }
    }
  });
});
