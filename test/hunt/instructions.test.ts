import { describe, expect, it } from 'vitest';
import { type Hart, Machine, pa, type RamOffset, TARGETS } from '../../machine/index.ts';
import { HUNT, Random } from '../machine/semantics/random.ts';
import { HUNTED_AARCH64 } from './instructions/aarch64.ts';
import { type Hunted, PAGES, SIZE, type Values } from './instructions/hunted.ts';
import { HUNTED_RISCV } from './instructions/riscv.ts';
import { HUNTED_X86 } from './instructions/x86.ts';

const SEED = 0xfa17;
/** Instructions fetched, faults of the fetch not counted. */
const INSTRUCTIONS = 1_000_000 * HUNT;
/** Steps from one random state, and states on one random memory. */
const STEPS = 32;
const STATES = 64;
/** States in a row that run nothing, after which memory is filled anew. */
const IDLE_STATES = 4;

const HUNTED: readonly Hunted[] = [HUNTED_RISCV, HUNTED_AARCH64, HUNTED_X86];

/** Random programs in random states of a machine. */
class Hunt implements Values {
  private readonly hunted: Hunted;
  private readonly random: Random;
  private readonly machine: Machine;
  fetched = 0;
  readonly kinds = new Map<string, number>();
  readonly states = new Set<string>();
  private fetchFaults = 0;

  constructor(hunted: Hunted, random: Random) {
    this.hunted = hunted;
    this.random = random;
    const { isa } = hunted;
    this.machine = new Machine({
      isa,
      memory: SIZE,
      harts: 2,
      hardwareAd: random.oneIn(2),
      gate: { base: isa.ramBase + BigInt(SIZE - 256), size: 256 },
      console: { output: () => {}, input: () => (random.oneIn(2) ? -1 : random.below(256)) },
    });
    this.machine.observer = (hart) => this.trapped(hart);
  }

  private trapped(hart: Hart): void {
    const { hunted, machine, random } = this;
    const { from, pc } = hart.trap;
    const { name, fetch } = hunted.kind(hart);
    this.kinds.set(name, (this.kinds.get(name) ?? 0) + 1);
    if (fetch) this.fetchFaults++;
    // What records and views ask for must not throw either.
    if (random.oneIn(8)) {
      hunted.isa.syndrome(hart, random.pick(hunted.privileges));
      machine.instructionAt(hart, pc, from)?.text(pc);
    }
  }

  value = (): bigint => {
    const { hunted, random } = this;
    switch (random.below(6)) {
      case 0:
        return BigInt.asUintN(64, random.pick(hunted.edges));
      case 1:
        return random.pick(hunted.devices) + BigInt(random.oneIn(4) ? random.below(8) : 0);
      case 2:
        return random.bits64();
      default:
        return this.pointer();
    }
  };

  pointer = (): bigint => {
    const { hunted, random } = this;
    return hunted.isa.ramBase + BigInt(random.below(PAGES * 4096) & (random.oneIn(8) ? ~0 : ~7));
  };

  /** Code, with tables of some sense in it. */
  fill(): void {
    const { hunted, random, machine } = this;
    machine.reset();
    const bytes = new Uint8Array(SIZE);
    for (let at = 0; at < SIZE; ) {
      const code = hunted.instruction(random);
      bytes.set(code.slice(0, SIZE - at), at);
      at += code.length;
    }
    hunted.tables(new DataView(bytes.buffer), random);
    this.write(bytes);
  }

  private write(bytes: Uint8Array): void {
    const { ram, isa } = this.machine;
    ram.writeBytes(ram.offset(pa(isa.ramBase), SIZE) as RamOffset, bytes);
  }

  /** Goes on with the same memory after the machine has ended. */
  private revive(): void {
    const { ram, isa } = this.machine;
    const start = ram.offset(pa(isa.ramBase), SIZE);
    const bytes = ram.bytes.slice(start, start + SIZE);
    this.machine.reset();
    this.write(bytes);
  }

  /** One random state, for some steps. */
  private state(): 'ran' | 'ran nothing' | 'ended' {
    const { hunted, machine, random } = this;
    for (const hart of machine.harts) this.states.add(hunted.scramble(hart, random, this));
    const begun = machine.instructions;
    this.fetchFaults = 0;
    const exit = machine.run(STEPS);
    this.fetched += machine.instructions - begun - this.fetchFaults;
    for (const hart of machine.harts) hunted.check(hart);
    if (exit.kind === 'finished') return 'ended';
    return this.fetchFaults < STEPS ? 'ran' : 'ran nothing';
  }

  program(): void {
    this.fill();
    // What lasts, such as a locked entry of physical memory protection, may leave nothing that can be run.
    for (let i = 0, idle = 0; i < STATES && idle < IDLE_STATES; i++) {
      const outcome = this.state();
      if (outcome === 'ended') this.revive();
      idle = outcome === 'ran nothing' ? idle + 1 : 0;
    }
  }

  /** Everything that a snapshot holds, so that two runs can be compared. */
  snapshot() {
    return this.machine.save();
  }
}

it('every target is hunted', () => {
  expect(HUNTED.map(({ isa }) => isa)).toEqual(expect.arrayContaining([...TARGETS]));
});

describe.each(HUNTED.map((hunted) => [hunted.isa.name, hunted] as const))('%s', (name, hunted) => {
  it(
    `${INSTRUCTIONS} random instructions never make the machine throw`,
    () => {
      console.log(`instructions of ${name}: seed ${SEED.toString(16)}, ${HUNT} times`);
      let fetched = 0;
      const kinds = new Map<string, number>();
      const states = new Set<string>();
      for (let n = 0; fetched < INSTRUCTIONS; n++) {
        const seed = SEED + n;
        try {
          const hunt = new Hunt(hunted, new Random(seed));
          for (let i = 0; i < 8; i++) hunt.program();
          fetched += hunt.fetched;
          for (const [kind, count] of hunt.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
          for (const state of hunt.states) states.add(state);
        } catch (error) {
          throw new Error(`seed ${seed.toString(16)}`, { cause: error });
        }
      }
      const list = [...kinds].map(([kind, count]) => `${kind}: ${count}`).join(', ');
      console.log(`instructions of ${name}: ${fetched}; traps: ${list}`);
      // It met what it went looking for.
      expect(hunted.kinds.filter((kind) => !kinds.has(kind))).toEqual([]);
      expect(states.size).toBeGreaterThan(hunted.states);
    },
    300_000 * HUNT,
  );

  it('the same seed runs the same instructions', () => {
    const snapshots = [1, 2].map(() => {
      const hunt = new Hunt(hunted, new Random(SEED));
      hunt.program();
      hunt.program();
      return hunt.snapshot();
    });
    expect(snapshots[0]).toEqual(snapshots[1]);
  });
});
