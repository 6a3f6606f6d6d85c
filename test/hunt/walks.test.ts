// Priv. spec 12.3: random page tables, against the oracle.
import { expect, it } from 'vitest';
import {
  ACCESSES,
  type AccessCase,
  expected,
  judgedBy,
  outcome,
  SETTINGS,
  TARGET,
} from '../machine/riscv/mmu-cases.ts';
import { A, Bench, R, RAM_BASE, Random, SCHEMES, V } from '../machine/riscv/mmu-harness.ts';
import { oracle } from '../machine/riscv/mmu-oracle.ts';

const COUNT = 100_000 * Number(process.env.FAULTLINE_HUNT ?? 1);
const SEED = Number(process.env.FAULTLINE_SEED ?? 20250607);

const NAME = `${COUNT} random page tables, addresses, PMP settings and accesses agree with the oracle, seed ${SEED}`;
it(NAME, { timeout: 3_600_000 }, () => {
  const random = new Random(SEED);
  const bench = new Bench();
  const tables = Array.from({ length: 8 }, (_, i) => RAM_BASE + BigInt(i + 1) * 4096n);
  const frames = [TARGET, ...tables, 0n, 1n << 55n, RAM_BASE + 32n * 4096n];
  const seen: Record<string, number> = {};
  const judged = (one: AccessCase) => SETTINGS.filter((setting) => judgedBy(setting, one) !== 'M');
  const translated = { execute: judged(ACCESSES[0]), read: judged(ACCESSES[1]), write: judged(ACCESSES[3]) };
  for (let round = 0; round < COUNT; round++) {
    const scheme = random.one(SCHEMES);
    let address = random.bits64();
    // One in eight stays as it is, which is hardly ever canonical.
    if (random.below(8)) address = BigInt.asUintN(64, BigInt.asIntN(scheme.width, address));
    address &= ~7n;
    const root = random.one(tables);
    let table = root;
    for (let i = scheme.levels - 1; i >= 0; i--) {
      const at = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      table = random.one(tables);
      let entry = ((table >> 12n) << 10n) | V;
      if (i === 0 || random.below(8) === 0) {
        const target = (random.one(frames) >> BigInt(12 + 9 * i)) << BigInt(random.below(8) ? 12 + 9 * i : 12);
        entry = ((target >> 12n) << 10n) | BigInt(random.below(256)) | (random.below(4) ? V | R | A : 0n);
      }
      if (random.below(32) === 0) entry ^= 1n << BigInt(random.below(64));
      if (random.below(64) === 0) entry = random.bits64();
      bench.poke(at, entry);
    }
    const closed = {
      base: random.one([...tables, TARGET]),
      bytes: 4096n,
      rights: random.one(['', 'r', 'rx', 'x', 'rw']),
    };
    bench.pmp([closed, { base: 0n, bytes: 1n << 56n, rights: 'rwx' }]);
    const inside = (at: bigint) => at >> 12n === closed.base >> 12n;
    bench.satp(scheme, root);
    const one = random.one(ACCESSES);
    const setting = { ...random.one(translated[one.doing]), adue: random.below(2) === 1 };
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
