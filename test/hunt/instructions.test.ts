import { expect, it } from 'vitest';
import { type Hart, Machine, type Privilege, pa, type RamOffset } from '../../machine/index.ts';
import { CSR_NUMBERS } from '../../machine/riscv/csr-names.ts';
import { TABLE_16, TABLE_32 } from '../../machine/riscv/decode.ts';
import { RISCV64 } from '../../machine/riscv/isa.ts';
import { F, FFLAGS, FRM, MODE, PC, X } from '../../machine/riscv/registers.ts';
import { HUNT, Random } from '../machine/semantics/random.ts';

const SEED = 0xfa17;
/** Instructions fetched, faults of the fetch not counted. */
const INSTRUCTIONS = 1_000_000 * HUNT;
/** Steps from one random state, and states on one random memory. */
const STEPS = 32;
const STATES = 64;
const PAGES = 16;
const BASE = RISCV64.ramBase;
const SIZE = PAGES * 4096;

const ROWS = [...TABLE_32.rows, ...TABLE_16.rows];
const CSRS = [...CSR_NUMBERS.values()];
const DEVICES = [0x10_0000n, 0x200_0000n, 0x200_4000n, 0x200_bff8n, 0x1000_0000n, 0x1000_0005n];
const EDGES = [0n, 1n, ~0n, 1n << 63n, (1n << 63n) - 1n, 1n << 38n, -(1n << 38n), 1n << 47n, 1n << 56n, 0x7ff8n << 48n];

/** CSRs that decide how the machine goes on, beside those that every state sets on purpose. */
const CONTROLS = [
  'medeleg',
  'mideleg',
  'mie',
  'mip',
  'mcounteren',
  'scounteren',
  'mcountinhibit',
  'menvcfg',
  'senvcfg',
];
const POINTERS = ['mtvec', 'stvec', 'mepc', 'sepc'];

/** Random programs in random states of a machine. */
class Hunt {
  private readonly random: Random;
  private readonly machine: Machine;
  fetched = 0;
  readonly causes = new Map<string, number>();
  readonly modes = new Set<string>();
  private fetchFaults = 0;

  constructor(random: Random) {
    this.random = random;
    this.machine = new Machine({
      isa: RISCV64,
      memory: SIZE,
      harts: 2,
      hardwareAd: random.oneIn(2),
      gate: { base: BASE + BigInt(SIZE - 256), size: 256 },
      console: { output: () => {}, input: () => (random.oneIn(2) ? -1 : random.below(256)) },
    });
    this.machine.observer = (hart) => this.trapped(hart);
  }

  private trapped(hart: Hart): void {
    const { cause, interrupt, from, pc } = hart.trap;
    const name = `${interrupt ? 'interrupt ' : ''}${cause}`;
    this.causes.set(name, (this.causes.get(name) ?? 0) + 1);
    if (!interrupt && (cause === 1 || cause === 12)) this.fetchFaults++;
    // What records and views ask for must not throw either.
    if (this.random.oneIn(8)) {
      RISCV64.syndrome(hart, this.random.pick<Privilege>(['machine', 'supervisor']));
      this.machine.instructionAt(hart, pc, from)?.text(pc);
    }
  }

  /** A word that is likely an instruction: one of a row's, with any fields, or any word at all. */
  private word(): number {
    const { random } = this;
    if (random.oneIn(6)) return random.bits();
    const { mask, value, fields } = random.pick(ROWS).pattern;
    let word = (value | (random.bits() & ~mask)) >>> 0;
    const csr = fields.find(({ name }) => name === 'csr');
    if (csr && !random.oneIn(8)) word = ((word & 0xfffff) | (random.pick(CSRS) << 20)) >>> 0;
    return word;
  }

  private value(): bigint {
    const { random } = this;
    switch (random.below(6)) {
      case 0:
        return BigInt.asUintN(64, random.pick(EDGES));
      case 1:
        return random.pick(DEVICES) + BigInt(random.oneIn(4) ? random.below(8) : 0);
      case 2:
        return random.bits64();
      default:
        return this.pointer();
    }
  }

  private pointer(): bigint {
    const { random } = this;
    return BASE + BigInt(random.below(SIZE) & (random.oneIn(8) ? ~0 : ~7));
  }

  /** Code, with page tables of some sense in the first four pages. */
  fill(): void {
    const { random, machine } = this;
    machine.reset();
    const bytes = new Uint8Array(SIZE);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 4 <= SIZE; ) {
      const word = this.word();
      view.setUint32(at, word, true);
      at += (word & 3) === 3 ? 4 : 2;
    }
    for (let at = 0; at < 4 * 4096; at += 8) {
      if (at >= 4096 && random.oneIn(2)) continue;
      const low = random.oneIn(3) ? 1 : 0xcf | (random.below(2) << 4);
      const page = random.oneIn(3) ? random.below(4) : 0;
      const ppn = low === 1 ? (BASE >> 12n) + BigInt(page) : (BASE >> 12n) & ~0x3ffffn;
      view.setBigUint64(at, (ppn << 10n) | BigInt(random.oneIn(20) ? random.below(1024) : low), true);
    }
    machine.ram.writeBytes(machine.ram.offset(pa(BASE), SIZE) as RamOffset, bytes);
  }

  private scramble(hart: Hart): void {
    const { random } = this;
    const write = (name: string, value: bigint) => RISCV64.writeSystem(hart, name, value);
    write('mode', 3n);
    hart.waiting = false;
    for (const slot of X.slice(1)) hart.set(slot, this.value());
    for (const slot of F) hart.set(slot, random.oneIn(2) ? random.bits64() : BigInt.asUintN(64, random.pick(EDGES)));
    hart.set32(FRM, random.below(8));
    write('mstatus', random.bits64());
    for (const name of CONTROLS) write(name, random.oneIn(3) ? 0n : random.bits64());
    for (const name of POINTERS) write(name, random.oneIn(8) ? random.bits64() : this.pointer());
    const scheme = BigInt(random.pick([0, 0, 8, 9, 10, random.below(16)]));
    write('satp', (scheme << 60n) | (BigInt(random.below(4)) << 44n) | ((BASE >> 12n) + BigInt(random.below(4))));
    // A lock lasts until the next reset, so it is rare.
    const unlocked = random.oneIn(100) ? ~0n : 0x7f7f_7f7f_7f7f_7f7fn;
    write('pmpcfg0', random.oneIn(3) ? random.bits64() & unlocked : 0x1fn);
    write('pmpcfg2', random.oneIn(3) ? random.bits64() & unlocked : 0n);
    for (let i = 0; i < 16; i++) write(`pmpaddr${i}`, random.oneIn(2) ? ~0n : this.pointer() >> 2n);
    write('stimecmp', random.oneIn(2) ? random.bits64() : BigInt(random.below(10_000)));
    const mode = random.pick([0, 1, 3]);
    write('mode', BigInt(mode));
    hart.pc = this.pointer() & ~1n;
    this.modes.add(`${mode} ${RISCV64.privilege(hart)} ${scheme}`);
  }

  /** One random state, for some steps. False where this memory is done with: the machine has ended, or can run nothing. */
  private state(): boolean {
    const { machine } = this;
    for (const hart of machine.harts) this.scramble(hart);
    const begun = machine.instructions;
    this.fetchFaults = 0;
    const exit = machine.run(STEPS);
    this.fetched += machine.instructions - begun - this.fetchFaults;
    for (const hart of machine.harts) {
      // What no instruction may ever bring about.
      const mode = hart.get32(MODE);
      if (mode !== 0 && mode !== 1 && mode !== 3) throw new Error(`privilege mode ${mode}`);
      if ((hart.get(PC) & 1n) !== 0n) throw new Error(`odd pc ${hart.get(PC).toString(16)}`);
      if ((hart.get32(FRM) & ~7) !== 0 || (hart.get32(FFLAGS) & ~31) !== 0) throw new Error('fcsr out of range');
    }
    return exit.kind !== 'finished' && this.fetchFaults < STEPS;
  }

  program(): void {
    this.fill();
    for (let i = 0; i < STATES; i++) if (!this.state()) return;
  }

  /** Everything that a snapshot holds, so that two runs can be compared. */
  snapshot() {
    return this.machine.save();
  }
}

it(
  `${INSTRUCTIONS} random instructions never make the machine throw`,
  () => {
    console.log(`instructions: seed ${SEED.toString(16)}, ${HUNT} times`);
    let fetched = 0;
    const causes = new Map<string, number>();
    const modes = new Set<string>();
    for (let n = 0; fetched < INSTRUCTIONS; n++) {
      const seed = SEED + n;
      try {
        const hunt = new Hunt(new Random(seed));
        for (let i = 0; i < 8; i++) hunt.program();
        fetched += hunt.fetched;
        for (const [cause, count] of hunt.causes) causes.set(cause, (causes.get(cause) ?? 0) + count);
        for (const mode of hunt.modes) modes.add(mode);
      } catch (error) {
        throw new Error(`seed ${seed.toString(16)}`, { cause: error });
      }
    }
    console.log(
      `instructions: ${fetched}; traps: ${[...causes].map(([cause, count]) => `${cause}: ${count}`).join(', ')}`,
    );
    // It met what it went looking for.
    const exceptions = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15];
    expect(exceptions.filter((cause) => !causes.has(String(cause)))).toEqual([]);
    expect(modes.size).toBeGreaterThan(12);
  },
  60_000 * HUNT,
);

it('the same seed runs the same instructions', () => {
  const snapshots = [1, 2].map(() => {
    const hunt = new Hunt(new Random(SEED));
    hunt.program();
    hunt.program();
    return hunt.snapshot();
  });
  expect(snapshots[0]).toEqual(snapshots[1]);
});
