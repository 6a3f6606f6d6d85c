// Priv. spec 12.3, Arm ARM D8 and SDM vol. 3A, 4.5 to 4.8: random page tables, against the oracles.
import { expect, it } from 'vitest';
import * as arm from '../machine/aarch64/mmu-cases.ts';
import * as armBench from '../machine/aarch64/mmu-harness.ts';
import { judge, locate } from '../machine/aarch64/mmu-oracle.ts';
import {
  ACCESSES,
  type AccessCase,
  expected,
  judgedBy,
  outcome,
  SETTINGS,
  TARGET,
} from '../machine/riscv/mmu-cases.ts';
import { A, Bench, R, RAM_BASE, SCHEMES, V } from '../machine/riscv/mmu-harness.ts';
import { oracle } from '../machine/riscv/mmu-oracle.ts';
import { Random } from '../machine/semantics/random.ts';
import * as x86 from '../machine/x86/mmu-cases.ts';
import * as x86Bench from '../machine/x86/mmu-harness.ts';

const COUNT = 100_000 * Number(process.env.FAULTLINE_HUNT ?? 1);
const SEED = Number(process.env.FAULTLINE_SEED ?? 20250607);

const NAME = `Sv39 to Sv57: ${COUNT} random page tables, addresses, PMP settings and accesses agree with the oracle, seed ${SEED}`;
it(NAME, { timeout: 3_600_000 }, () => {
  const random = new Random(SEED);
  const bench = new Bench();
  const tables = Array.from({ length: 8 }, (_, i) => RAM_BASE + BigInt(i + 1) * 4096n);
  const frames = [TARGET, ...tables, 0n, 1n << 55n, RAM_BASE + 32n * 4096n];
  const seen: Record<string, number> = {};
  const judged = (one: AccessCase) => SETTINGS.filter((setting) => judgedBy(setting, one) !== 'M');
  const translated = { execute: judged(ACCESSES[0]), read: judged(ACCESSES[1]), write: judged(ACCESSES[3]) };
  for (let round = 0; round < COUNT; round++) {
    const scheme = random.pick(SCHEMES);
    let address = random.bits64();
    // One in eight stays as it is, which is hardly ever canonical.
    if (random.below(8)) address = BigInt.asUintN(64, BigInt.asIntN(scheme.width, address));
    address &= ~7n;
    const root = random.pick(tables);
    let table = root;
    for (let i = scheme.levels - 1; i >= 0; i--) {
      const at = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      table = random.pick(tables);
      let entry = ((table >> 12n) << 10n) | V;
      if (i === 0 || random.below(8) === 0) {
        const target = (random.pick(frames) >> BigInt(12 + 9 * i)) << BigInt(random.below(8) ? 12 + 9 * i : 12);
        entry = ((target >> 12n) << 10n) | BigInt(random.below(256)) | (random.below(4) ? V | R | A : 0n);
      }
      if (random.below(32) === 0) entry ^= 1n << BigInt(random.below(64));
      if (random.below(64) === 0) entry = random.bits64();
      bench.poke(at, entry);
    }
    const closed = {
      base: random.pick([...tables, TARGET]),
      bytes: 4096n,
      rights: random.pick(['', 'r', 'rx', 'x', 'rw']),
    };
    bench.pmp([closed, { base: 0n, bytes: 1n << 56n, rights: 'rwx' }]);
    const inside = (at: bigint) => at >> 12n === closed.base >> 12n;
    bench.satp(scheme, root);
    const one = random.pick(ACCESSES);
    const setting = { ...random.pick(translated[one.doing]), adue: random.below(2) === 1 };
    bench.setting(setting);
    const mode = judgedBy(setting, one) as 'U' | 'S';
    const answer = oracle({
      width: scheme.width,
      root,
      address,
      doing: one.doing,
      mode,
      sum: setting.sum === true,
      mxr: setting.mxr === true,
      svadu: setting.adue,
      memory: (at) => (inside(at) && !closed.rights.includes('r') ? undefined : bench.peek(at)),
      writable: (at) => !inside(at) || closed.rights.includes('w'),
    });
    const letter = { execute: 'x', read: 'r', write: 'w' }[one.doing];
    const barred = typeof answer === 'object' && inside(answer.physical) && !closed.rights.includes(letter);
    const want = expected(barred ? 'access fault' : answer, one, address);
    bench.forget();
    const got = outcome(bench, address, one.shape);
    if (got !== want) expect.fail(`seed ${SEED} round ${round}: ${scheme.name} ${one.name}: ${got}, not ${want}`);
    if (typeof answer === 'object' && !barred) {
      const exists = bench.bus.exists(answer.physical, one.shape.size);
      if (exists) expect(bench.peek(answer.at)).toBe(answer.leaf);
      const [entry] = bench.hart.tlb.entries();
      if (entry) expect([entry.global, entry.pages << 12n]).toEqual([answer.global, answer.bytes]);
    }
    const kind = want.replace(/ tval.*| [0-9a-f]+$/, '');
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  // The tables are random, but not so random that a kind of outcome would hardly occur.
  for (const kind of ['pa', 'cause 1', 'cause 5', 'cause 7', 'cause 12', 'cause 13', 'cause 15']) {
    expect([kind, (seen[kind] ?? 0) > 500]).toEqual([kind, true]);
  }
});

const ARM_NAME = `VMSAv8-64: ${COUNT} random regimes, page tables and accesses agree with the oracle, seed ${SEED}`;
it(ARM_NAME, { timeout: 3_600_000 }, () => {
  const random = new Random(SEED);
  const rarely = (one: number) => random.below(one) === 0;
  const benches = [true, false].map((hardwareAd) => new armBench.Bench({ hardwareAd }));
  // Aligned for every granule.
  const tables = Array.from({ length: 5 }, (_, i) => armBench.RAM_BASE + BigInt(i + 1) * 0x1_0000n);
  const frames = [arm.TARGET, ...tables, 0n, 1n << 33n, 1n << 41n, 1n << 47n];
  const seen: Record<string, number> = {};
  for (let round = 0; round < COUNT; round++) {
    const bench = random.pick(benches);
    const txsz = () => BigInt(rarely(64) ? random.below(64) : 16 + random.below(24));
    const flags = [7, 22, 23, 36, 37, 38].filter((bit) => rarely(bit === 7 || bit === 23 ? 64 : 2));
    const ips = BigInt(rarely(4) ? random.below(8) : 5);
    const grains = (BigInt(random.below(4)) << 14n) | (BigInt(random.below(4)) << 30n);
    const tcr = flags.reduce((sum, bit) => sum | (1n << BigInt(bit)), grains | txsz() | (txsz() << 16n) | (ips << 32n));
    bench.controls(tcr);
    const setting: armBench.Setting = {
      ...random.pick(arm.SETTINGS),
      aligned: rarely(8),
      ha: !rarely(4),
      hd: rarely(2),
    };
    bench.setting(setting);

    const upper = rarely(2);
    const shift = upper ? 16n : 0n;
    const size = 64 - Number((tcr >> shift) & 0x3fn);
    const granule = bench.granuleOf(upper);
    let address = random.bits64();
    // One in sixteen stays as it is, which hardly ever lies in its region.
    if (!rarely(16)) address = BigInt.asUintN(size, address) | (upper ? ((1n << 64n) - 1n) << BigInt(size) : 0n);
    address = BigInt.asUintN(64, address);
    if ((tcr >> (upper ? 38n : 37n)) & 1n) address = BigInt.asUintN(56, address) | (BigInt(random.below(256)) << 56n);
    if (!rarely(8)) address &= ~7n;
    const one = random.pick(arm.ACCESSES);
    if (one.what === 'execute') address &= ~3n;

    let table = random.pick(tables);
    const ttbr = table | (BigInt(random.below(65536)) << 48n) | (rarely(64) ? 1n << BigInt(random.below(48)) : 0n);
    bench.set(upper ? 'ttbr1_el1' : 'ttbr0_el1', ttbr);
    if (size >= 25 && size <= 48) {
      const first = armBench.firstLevel(granule, size);
      for (let level = first; level <= 3; level++) {
        const span = armBench.spanOf(granule, level);
        const width = level === first ? size - span : granule.bits - 3;
        const at = table + 8n * BigInt.asUintN(width, address >> BigInt(span));
        table = random.pick(tables);
        let entry = table | 3n | (rarely(4) ? BigInt(random.below(16)) << 59n : 0n);
        if (level === 3 || rarely(6)) {
          const low = (random.bits64() & 0xffcn) | (rarely(3) ? 0n : 1n << 10n) | (level === 3 ? 3n : 1n);
          const attributes = rarely(2) ? low & ~0x1cn : low;
          const high = random.bits64() & (0xfn << 51n);
          entry = ((random.pick(frames) >> BigInt(span)) << BigInt(span)) | attributes | high;
        }
        if (rarely(32)) entry ^= 1n << BigInt(random.below(64));
        if (rarely(64)) entry = random.bits64();
        bench.poke(at, entry);
      }
    }
    bench.forget();
    const regime = arm.regimeOf(bench);
    const located = locate(regime, address);
    const answer = judge(regime, arm.doing(one, setting), address, located);
    const want = arm.expected(answer);
    const got = arm.outcome(bench, address, one.shape);
    if (got !== want) {
      const walk = bench.hart.trap.walk?.steps.map(({ decision }) => decision).join('; ');
      const what = `${address.toString(16)} tcr ${tcr.toString(16)} ${one.name} ${JSON.stringify(setting)}`;
      expect.fail(`seed ${SEED} round ${round}: ${what}: ${got}, not ${want} (${walk})`);
    }
    if ('leaf' in answer && 'leaf' in located) {
      if (bench.bus.exists(answer.physical, one.shape.size)) expect(bench.peek(located.at)).toBe(answer.leaf);
      const [entry] = bench.hart.tlb.entries();
      if (entry) {
        expect([located.bytes, located.run]).toContain(entry.pages << 12n);
        expect(arm.outcome(bench, address, one.shape)).toBe(want);
      }
    }
    const kind = 'iss' in answer ? `${(answer.iss & 0x3c).toString(16)}` : 'pa';
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  // Address size, translation, access flag, permission, external abort on a walk and alignment faults.
  for (const kind of ['pa', '0', '4', '8', 'c', '14', '20']) {
    expect([kind, (seen[kind] ?? 0) > COUNT / 500]).toEqual([kind, true]);
  }
});

const X86_NAME = `4-level and 5-level paging: ${COUNT} random page tables and accesses agree with the oracle, seed ${SEED}`;
it(X86_NAME, { timeout: 3_600_000 }, () => {
  const { A, D, NX, P, PS, U, W, expected, shapeOf } = x86Bench;
  const random = new Random(SEED);
  const rarely = (one: number) => random.below(one) === 0;
  const bench = new x86Bench.Bench();
  const tables = Array.from({ length: 8 }, (_, i) => BigInt(i + 1) * 0x1000n);
  // The last two are at and above what a physical address can be.
  const frames = [...tables, 0x2_0000n, 0n, 0xffff_f000n, 1n << 39n, 1n << 40n, 1n << 51n];
  const seen: Record<string, number> = {};
  for (let round = 0; round < COUNT; round++) {
    bench.levels = rarely(2) ? 5 : 4;
    let address = random.bits64();
    // One in eight stays as it is, which is hardly ever canonical.
    if (!rarely(8)) address = BigInt.asUintN(64, BigInt.asIntN(bench.levels === 5 ? 57 : 48, address));
    bench.root = random.pick(tables);
    let table = bench.root;
    for (let i = bench.levels - 1; i >= 0; i--) {
      const at = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      table = random.pick(tables);
      let entry = table | P | W | U;
      // Tables' rights and flags, and what software may keep in entries.
      if (rarely(4)) entry ^= random.bits64() & (W | U | A | D | NX | 0xf1en);
      if (i === 0 || rarely(8)) {
        const span = BigInt(12 + 9 * i);
        const frame = random.pick(frames);
        const target = rarely(8) ? frame : (frame >> span) << span;
        entry = target | (random.bits64() & (NX | (0x7ffn << 52n) | 0xf7en)) | P | (i > 0 ? PS : 0n);
        if (i === 0 && rarely(2)) entry |= PS;
        if (!rarely(4)) entry |= W | U;
        if (rarely(2)) entry &= ~NX;
      }
      if (rarely(32)) entry ^= 1n << BigInt(random.below(64));
      if (rarely(64)) entry = random.bits64();
      bench.poke(at, entry);
    }
    if (rarely(64)) bench.root = random.pick([0n, 0x2_0000n, 1n << 38n]);
    const { setting, one } = random.pick(x86.COMBINATIONS);
    const keys = () => (rarely(2) ? 0 : Number(BigInt.asIntN(32, random.bits64() & random.bits64())));
    bench.under({ ...setting, pkru: keys(), pkrs: keys() });
    bench.forget();
    const answer = bench.ask(address, one);
    const want = expected(answer, address);
    const shape = shapeOf(one);
    const got = bench.outcome(address, shape);
    if (got !== want) {
      const walk = bench.hart.trap.walk?.steps.map(({ decision }) => decision).join('; ');
      const what = `${address.toString(16)} ${JSON.stringify(one)} ${JSON.stringify(bench.setting)}`;
      expect.fail(`seed ${SEED} round ${round}: ${what}: ${got}, not ${want} (${walk})`);
    }
    if (typeof answer === 'object' && 'after' in answer) {
      // One entry may serve two levels: what the lower one leaves counts.
      const after = new Map(answer.after.map(({ at, entry }) => [at, entry]));
      for (const [at, entry] of after) if (bench.bus.exists(at, 8)) expect(bench.peek(at)).toBe(entry);
      const [held] = bench.hart.tlb.entries();
      expect([held.global, held.pages << 12n]).toEqual([answer.global, answer.bytes]);
      expect(bench.outcome(address, shape)).toBe(want);
    } else {
      expect(bench.hart.tlb.entries()).toEqual([]);
    }
    const kind = want.replace(/ [0-9a-f]+$/, '');
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  // Not present, protection, reserved bits and protection keys, of each kind of access.
  const codes = [0, 2, 4, 6, 0x10, 0x14, 1, 3, 5, 7, 0x11, 0x15, 9, 0xb, 0xd, 0xf, 0x19, 0x1d, 0x21, 0x23, 0x25, 0x27];
  for (const kind of ['pa', 'vector 13 error', ...codes.map((code) => `#PF ${code.toString(2)}`)]) {
    expect([kind, (seen[kind] ?? 0) > COUNT / 1000]).toEqual([kind, true]);
  }
});
