// Priv. spec 12.3 to 12.6, exhaustively, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { MMU } from '../../../machine/riscv/mmu.ts';
import { ACCESSES, type AccessCase, expected, FLAGS, judgedBy, outcome, ROOT, SETTINGS, TARGET } from './mmu-cases.ts';
import { A, Bench, D, R, SCHEMES, type Scheme, type Setting, U, V, W, X } from './mmu-harness.ts';
import { oracle, type Question } from './mmu-oracle.ts';

/** Who decides on A and D: the option, and menvcfg.ADUE. */
const POLICIES = [
  { name: 'Svade', hardwareAd: false, adue: true },
  { name: 'Svadu off', hardwareAd: true, adue: false },
  { name: 'Svadu on', hardwareAd: true, adue: true },
];

/** An address in the high half whose tables differ at each level, that `level` maps to TARGET + 0x10. */
function addressFor(scheme: Scheme, level: number): bigint {
  const below = (1n << BigInt(12 + 9 * level)) - 1n;
  const high = (0xaa_d5_ab_56_ad_5a_b5n | (1n << BigInt(scheme.width - 1))) & ~below;
  return BigInt.asUintN(64, BigInt.asIntN(scheme.width, high)) | ((TARGET + 0x10n) & below);
}

/** The leaf's PPN, aligned to its level. */
const alignedTarget = (level: number) => (TARGET >> BigInt(12 + 9 * level)) << BigInt(12 + 9 * level);

function ask(
  bench: Bench,
  scheme: Scheme,
  address: bigint,
  setting: Setting,
  doing: AccessCase['doing'],
  mode: 'U' | 'S',
) {
  const { sum = false, mxr = false, adue = false } = setting;
  const question: Question = {
    width: scheme.width,
    root: ROOT,
    address,
    doing,
    mode,
    sum,
    mxr,
    svadu: bench.hart.options.hardwareAd && adue,
    memory: (at) => bench.peek(at),
    writable: () => true,
  };
  return oracle(question);
}

describe.each(SCHEMES)('$name, virtual address translation process', (scheme) => {
  describe.each(Array.from({ length: scheme.levels }, (_, level) => level))('a leaf at level %i', (level) => {
    const address = addressFor(scheme, level);

    it.each(POLICIES)(
      'all 256 encodings of bits 7:0 by access, mode, SUM, MXR and TLB, $name',
      ({ hardwareAd, adue }) => {
        const bench = new Bench({ hardwareAd });
        bench.satp(scheme, ROOT);
        const at = bench.map(scheme, ROOT, address, alignedTarget(level), 0n, level);
        const wrong: string[] = [];
        for (let low = 0n; low < 256n; low++) {
          const entry = ((alignedTarget(level) >> 12n) << 10n) | low;
          for (const setting of SETTINGS) {
            for (const one of ACCESSES) {
              bench.setting({ ...setting, adue });
              const mode = judgedBy(setting, one);
              const check = (how: string) => {
                const before = bench.peek(at)!;
                const answer =
                  mode === 'M' ? undefined : ask(bench, scheme, address, { ...setting, adue }, one.doing, mode);
                const want = answer ? expected(answer, one, address) : `pa ${address.toString(16)}`;
                const got = outcome(bench, address, one.shape);
                const leaf = typeof answer === 'object' ? answer.leaf : before;
                const now = bench.peek(at)!;
                if (got === want && now === leaf) return;
                const what = `${low.toString(16)} ${JSON.stringify(setting)} ${one.name} ${how}`;
                wrong.push(`${what}: ${got}, not ${want}; leaf ${now.toString(16)}, not ${leaf.toString(16)}`);
              };
              bench.forget();
              bench.poke(at, entry);
              check('walked');
              // From the TLB now, where there was a translation.
              check('again');
            }
          }
        }
        expect(wrong.slice(0, 10)).toEqual([]);
      },
    );

    it('rights apply at each access: an entry made by any allowed access answers every other as the tables would', () => {
      const bench = new Bench();
      bench.satp(scheme, ROOT);
      const at = bench.map(scheme, ROOT, address, alignedTarget(level), 0n, level);
      const makers: [Setting, AccessCase][] = FLAGS.flatMap((user) =>
        [ACCESSES[0], ACCESSES[1]].map((one): [Setting, AccessCase] => [{ mode: user ? 'U' : 'S', mxr: true }, one]),
      );
      const wrong: string[] = [];
      for (const [maker, first] of makers) {
        for (const others of [V, V | R, V | X, V | R | W, V | R | W | X]) {
          for (const rest of [A, A | D]) {
            for (const user of [0n, U]) {
              const entry = ((alignedTarget(level) >> 12n) << 10n) | others | rest | user;
              for (const setting of SETTINGS) {
                for (const one of ACCESSES) {
                  bench.forget();
                  bench.poke(at, entry);
                  bench.setting(maker);
                  MMU.translate(bench.hart, address, first.shape);
                  for (const adue of FLAGS) {
                    bench.setting({ ...setting, adue });
                    const mode = judgedBy(setting, one);
                    if (mode === 'M') continue;
                    const want = expected(
                      ask(bench, scheme, address, { ...setting, adue }, one.doing, mode),
                      one,
                      address,
                    );
                    const got = outcome(bench, address, one.shape);
                    if (got !== want)
                      wrong.push(`${entry.toString(16)} ${JSON.stringify(setting)} ${one.name}: ${got}`);
                  }
                }
              }
            }
          }
        }
      }
      expect(wrong.slice(0, 10)).toEqual([]);
    });

    it('each part of a superpage’s PPN that must be zero, bit by bit', () => {
      const bench = new Bench();
      bench.satp(scheme, ROOT);
      const at = bench.map(scheme, ROOT, address, alignedTarget(level), 0n, level);
      bench.setting({ mode: 'S' });
      const results = Array.from({ length: 44 }, (_, bit) => {
        bench.forget();
        bench.poke(at, (1n << BigInt(10 + bit)) | V | R | A);
        return outcome(bench, address, accessShape('load', 8)).startsWith('cause 13') ? 'fault' : 'fine';
      });
      const below = 9 * level;
      expect(results).toEqual(Array.from({ length: 44 }, (_, bit) => (bit < below ? 'fault' : 'fine')));
    });

    it('bits 63:54 one at a time, and N with each low part of a PPN', () => {
      const bench = new Bench();
      bench.satp(scheme, ROOT);
      const at = bench.map(scheme, ROOT, address, alignedTarget(level), 0n, level);
      bench.setting({ mode: 'S' });
      const leaf = ((alignedTarget(level) >> 12n) << 10n) | V | R | W | X | A | D;
      const entries = [
        leaf,
        ...Array.from({ length: 10 }, (_, i) => leaf | (1n << BigInt(54 + i))),
        ...Array.from({ length: 512 }, (_, ppn) => (1n << 63n) | leaf | (BigInt(ppn) << 10n)),
      ];
      let allowed = 0;
      for (const entry of entries) {
        bench.forget();
        bench.poke(at, entry);
        const want = expected(ask(bench, scheme, address, { mode: 'S' }, 'read', 'S'), ACCESSES[1], address);
        const got = outcome(bench, address, accessShape('load', 8));
        expect(`${entry.toString(16)} ${got}`).toBe(`${entry.toString(16)} ${want}`);
        if (got.startsWith('pa')) allowed++;
      }
      // The leaf itself, and at level 0 every PPN that ends in 1000.
      expect(allowed).toBe(level === 0 ? 1 + 32 : 1);
    });
  });

  it('pointers with A, D, U, W alone or reserved bits set fault at every level', () => {
    for (let level = 1; level < scheme.levels; level++) {
      const bench = new Bench();
      bench.satp(scheme, ROOT);
      const address = addressFor(scheme, 0);
      bench.map(scheme, ROOT, address, TARGET, V | R | W | X | A | D | U);
      const path = MMU.walk(bench.hart, address, { ...accessShape('load', 8), privilege: 'user' }).steps;
      const { entryAddress, entry } = path[scheme.levels - 1 - level];
      bench.setting({ mode: 'U' });
      for (let bit = 1n; bit < 1n << 64n; bit <<= 1n) {
        if (bit & 0x3f_ffff_ffff_fc01n || bit === R || bit === X) continue;
        bench.forget();
        bench.poke(entryAddress, entry! | bit);
        const ok = MMU.translate(bench.hart, address, accessShape('load', 8));
        // Bits 9:8 are software's, G is allowed.
        expect([level, bit, ok]).toEqual([level, bit, bit === 0x20n || bit === 0x100n || bit === 0x200n]);
      }
    }
  });

  it('canonical addresses: the edges of both halves and of the hole between them', () => {
    const bench = new Bench();
    bench.satp(scheme, ROOT);
    bench.setting({ mode: 'S' });
    const half = 1n << BigInt(scheme.width - 1);
    const canonical = [0n, half - 4096n, half - 8n, (1n << 64n) - half, (1n << 64n) - 4096n, (1n << 64n) - 8n];
    const not = [half, half + 4096n, (1n << 64n) - half - 8n, (1n << 64n) - half - 4096n, 1n << 63n, half << 1n];
    for (const address of [0n, half - 4096n, (1n << 64n) - half, (1n << 64n) - 4096n]) {
      bench.map(scheme, ROOT, address, TARGET, V | R | A);
    }
    // An entry of the mapped address that a hole's address would find, were the upper bits ignored.
    for (const address of canonical) {
      expect(outcome(bench, address, accessShape('load', 8))).toBe(`pa ${(TARGET + (address & 0xfffn)).toString(16)}`);
    }
    for (const address of not) {
      expect(outcome(bench, address, accessShape('load', 8))).toBe(`cause 13 tval ${address.toString(16)}`);
      expect(bench.hart.trap.walk).toMatchObject({ mode: scheme.name, steps: [], result: { fault: 'not canonical' } });
    }
  });

  it('G in a pointer makes everything below it global', () => {
    for (let level = 0; level < scheme.levels; level++) {
      const bench = new Bench();
      bench.satp(scheme, ROOT, 7);
      bench.setting({ mode: 'S' });
      const address = addressFor(scheme, 0);
      bench.map(scheme, ROOT, address, TARGET, V | R | A);
      const shape = accessShape('load', 8);
      const { steps } = MMU.walk(bench.hart, address, { ...shape, privilege: 'supervisor' });
      const { entryAddress, entry } = steps[scheme.levels - 1 - level];
      expect(MMU.translate(bench.hart, address, shape)).toBe(true);
      expect(bench.hart.tlb.entries()).toMatchObject([{ global: false, asid: 7 }]);
      bench.forget();
      bench.poke(entryAddress, entry! | 0x20n);
      expect(MMU.translate(bench.hart, address, shape)).toBe(true);
      expect(bench.hart.tlb.entries()).toMatchObject([{ global: true }]);
    }
  });
});
