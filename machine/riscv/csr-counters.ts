import type { Hart } from '../hart.ts';
import type { Slot } from '../ir/index.ts';
import type { Csr } from './csr-register.ts';
import { time } from './csr-timers.ts';
import { M_MODE, MODE, S_MODE, SLOTS } from './registers.ts';

const MCOUNTEREN = SLOTS.get('mcounteren');
const SCOUNTEREN = SLOTS.get('scounteren');
const MCOUNTINHIBIT = SLOTS.get('mcountinhibit');

/** A counter of the hart, up to the instruction at hand and that one included. */
interface Counter {
  readonly inhibit: bigint;
  /** What is added to the count; where the counter is inhibited, its value. */
  readonly offset: Slot;
  count(hart: Hart): bigint;
}

/** A cycle for each instruction begun. */
const CYCLE: Counter = {
  inhibit: 1n,
  offset: SLOTS.get('mcycleOffset'),
  count: (hart) => BigInt(hart.instructions),
};
/** An instruction that traps does not retire. */
const INSTRET: Counter = {
  inhibit: 4n,
  offset: SLOTS.get('minstretOffset'),
  count: (hart) => BigInt(hart.instructions - hart.trapped),
};

const inhibited = (hart: Hart, counter: Counter) => (hart.get(MCOUNTINHIBIT) & counter.inhibit) !== 0n;
const setOffset = (hart: Hart, { offset }: Counter, value: bigint) => hart.set(offset, BigInt.asUintN(64, value));

/** What an instruction reads: those before it count, itself does not. */
function readCounter(hart: Hart, counter: Counter): bigint {
  const offset = hart.get(counter.offset);
  return inhibited(hart, counter) ? offset : BigInt.asUintN(64, counter.count(hart) - 1n + offset);
}

/** A write takes effect after the writing instruction has counted (Priv. spec 3.1.10): the next one reads the value. */
function writeCounter(hart: Hart, counter: Counter, value: bigint): void {
  setOffset(hart, counter, inhibited(hart, counter) ? value : value - counter.count(hart));
}

function writeInhibit(hart: Hart, value: bigint): void {
  for (const counter of [CYCLE, INSTRET]) {
    const stop = (value & counter.inhibit) !== 0n;
    if (stop === inhibited(hart, counter)) continue;
    const count = counter.count(hart);
    setOffset(hart, counter, hart.get(counter.offset) + (stop ? count : -count));
  }
  hart.set(MCOUNTINHIBIT, value & (CYCLE.inhibit | INSTRET.inhibit));
}

/** Whether counter `n` is kept from the hart's mode by mcounteren or scounteren (Priv. spec 3.1.11, 12.1.5). */
function gated(hart: Hart, n: number): boolean {
  const mode = hart.get32(MODE);
  if (mode === M_MODE) return false;
  const open = mode === S_MODE ? hart.get(MCOUNTEREN) : hart.get(MCOUNTEREN) & hart.get(SCOUNTEREN);
  return ((open >> BigInt(n)) & 1n) === 0n;
}

/** The unprivileged view of counter `n` (Zicntr, Zihpm). */
const view = (n: number, name: string, read: (hart: Hart) => bigint): Csr => ({
  name,
  refuses: (hart) => gated(hart, n),
  read,
});

const machineCounter = (name: string, counter: Counter): Csr => ({
  name,
  read: (hart) => readCounter(hart, counter),
  write: (hart, value) => writeCounter(hart, counter, value),
});

const enable = (name: string): Csr => {
  const slot = SLOTS.get(name);
  return { name, read: (h) => h.get(slot), write: (h, value) => h.set(slot, BigInt.asUintN(32, value)) };
};

/** mhpmcounter3 to 31 count nothing: they and their event selectors are read-only zero (Priv. spec 3.1.10). */
const hardwired = Array.from({ length: 29 }, (_, i) => i + 3).flatMap((n): Csr[] => [
  { name: `mhpmcounter${n}`, read: () => 0n, write: () => {} },
  { name: `mhpmevent${n}`, read: () => 0n, write: () => {} },
  view(n, `hpmcounter${n}`, () => 0n),
]);

export const COUNTER_CSRS: readonly Csr[] = [
  machineCounter('mcycle', CYCLE),
  machineCounter('minstret', INSTRET),
  view(0, 'cycle', (hart) => readCounter(hart, CYCLE)),
  view(1, 'time', time),
  view(2, 'instret', (hart) => readCounter(hart, INSTRET)),
  ...hardwired,
  enable('mcounteren'),
  enable('scounteren'),
  { name: 'mcountinhibit', read: (hart) => hart.get(MCOUNTINHIBIT), write: writeInhibit },
];
