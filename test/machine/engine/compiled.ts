import type { AccessShape } from '../../../machine/access.ts';
import { compile } from '../../../machine/engine/compile.ts';
import { makeContext } from '../../../machine/engine/context.ts';
import type { Hart } from '../../../machine/hart.ts';
import { Builder, SlotTable } from '../../../machine/ir/index.ts';
import type { Helper } from '../../../machine/isa.ts';
import type { VirtualMemory } from '../../../machine/virtual-memory.ts';

export const SLOTS = new SlotTable([
  ...['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'i64', group: 'general' }) as const),
  ...['v', 'w'].map((name) => ({ name, type: 'v128', group: 'float' }) as const),
]);
export const [A, B, C, D, V, W] = SLOTS.slots;

/** Runs what `build` makes on slots a to d; `log` shows memory accesses and helpers in the order they happened. */
export function run(
  build: (b: Builder) => void,
  slots: readonly bigint[],
  loads: Record<string, bigint | undefined> = {},
) {
  const log: string[] = [];
  const b = new Builder();
  build(b);
  const u64 = new BigUint64Array(SLOTS.size / 8);
  u64.set(slots);
  const memory = {
    load: (address: bigint, size: number) => {
      log.push(`load${size} ${address}`);
      return loads[String(address)];
    },
    store: (address: bigint, size: number, value: bigint) => {
      log.push(`store${size} ${address}=${value}`);
      return true;
    },
    load128: (address: bigint, _: AccessShape, to: Int32Array, at: number) => {
      log.push(`load128 ${address}`);
      const { wide } = loads;
      if (wide !== undefined)
        for (let i = 0; i < 4; i++) to[at + i] = Number(BigInt.asIntN(32, wide >> BigInt(32 * i)));
      return wide !== undefined;
    },
    store128: (address: bigint, _: AccessShape, from: Int32Array, at: number) => {
      const words = [3, 2, 1, 0].map((i) => BigInt(from[at + i] >>> 0));
      log.push(`store128 ${address}=${words.reduce((all, word) => (all << 32n) | word)}`);
      return true;
    },
  };
  const hart = {
    raise: (cause: number, value: bigint) => {
      log.push(`trap ${cause} ${value}`);
      return false;
    },
  };
  const helpers: Record<string, Helper> = {
    'a=99': () => {
      log.push('call');
      u64[0] = 99n;
      return true;
    },
    refuse: () => false,
  };
  const state = { ...hart, u64, i32: new Int32Array(u64.buffer) };
  const context = makeContext(state as unknown as Hart, memory as unknown as VirtualMemory);
  context.pc = 0x1000n;
  context.next = 0x1004n;
  const status = compile(b.block(), helpers)(context);
  return { status, slots: [...u64.slice(0, slots.length)], log, next: context.next };
}
