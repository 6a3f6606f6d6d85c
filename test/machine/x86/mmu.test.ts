// SDM vol. 3A, 4.5 to 4.7: bits of entries, alone and in pairs of levels, against mmu-oracle.ts, by walk and from the TLB.
import { describe, expect, it } from 'vitest';
import { Random } from '../semantics/random.ts';
import { ACCESSES, type AccessCase, Bench, expected, NX, P, PS, type Setting, shapeOf, U, W } from './mmu-harness.ts';

const HUNT = process.env.FAULTLINE_HUNT !== undefined;
const BOTH = [false, true];

/** Every privilege, CR0.WP, CR4.SMEP and SMAP, EFER.NXE, AC, and keys as both registers have them. */
const KEYS = [{}, { pke: true, pks: true, pkru: 0x24, pkrs: 0x18 }, { pke: true, pkru: -1 }, { pks: true, pkrs: -1 }];
const SETTINGS: readonly Setting[] = BOTH.flatMap((user) =>
  BOTH.flatMap((wp) =>
    BOTH.flatMap((smep) =>
      BOTH.flatMap((smap) =>
        BOTH.flatMap((nxe) =>
          BOTH.flatMap((ac) => KEYS.map((keys) => ({ user, wp, smep, smap, nxe, ac, pge: wp !== ac, ...keys }))),
        ),
      ),
    ),
  ),
);
const COMBINATIONS = SETTINGS.flatMap((setting) => ACCESSES.map((one) => ({ setting, one })));
/** 61 and the number of combinations have no common factor, so that all have their turn. */
const combination = (turn: number) => COMBINATIONS[(turn * 61) % COMBINATIONS.length];

const ADDRESS = 0x1234_5678_9abcn & ~0xfffn;

/** Where a leaf may lie: levels of tables and the leaf's own. */
const PLACES = ([4, 5] as const).flatMap((levels) => [0, 1, 2].map((level) => ({ levels, level })));

function place(levels: 4 | 5, level: number) {
  const bench = new Bench();
  bench.levels = levels;
  const entries = bench.map(ADDRESS, 0n, P | W | U, level);
  return { bench, entries, whole: entries.map((at) => bench.peek(at)) };
}

/** One access by walk and, where that came through, by others from the TLB; what differs from the oracle. */
function compare(bench: Bench, entries: readonly bigint[], setting: Setting, one: AccessCase): string[] {
  bench.forget();
  bench.under(setting);
  const before = entries.map((at) => bench.peek(at));
  const answer = bench.ask(ADDRESS, one);
  const want = expected(answer, ADDRESS);
  const what = `${JSON.stringify(setting)} ${JSON.stringify(one)} ${before.map((entry) => entry.toString(16))}`;
  const wrong: string[] = [];
  const check = (got: unknown, wanted: unknown, how: string) => {
    if (got !== wanted) wrong.push(`${what}, ${how}: ${got}, not ${wanted}`);
  };
  check(bench.outcome(ADDRESS, shapeOf(one)), want, 'by walk');
  if (typeof answer === 'object' && 'after' in answer) {
    for (const { at, entry } of answer.after) check(bench.peek(at), entry, `entry at ${at.toString(16)}`);
    const [held] = bench.hart.tlb.entries();
    check(held.pages << 12n, answer.bytes, 'size');
    check(held.global, answer.global, 'global');
    check(bench.outcome(ADDRESS, shapeOf(one)), want, 'from the TLB');
  } else {
    check(bench.hart.tlb.entries().length, 0, 'entries');
    // Under rights that allow it all, a load enters the translation, which must then be judged anew.
    bench.under({ nxe: setting.nxe, pge: setting.pge });
    if (bench.outcome(ADDRESS, shapeOf({ kind: 'load' })).startsWith('pa')) {
      bench.under(setting);
      check(bench.outcome(ADDRESS, shapeOf(one)), want, 'from the TLB');
    }
  }
  for (const [i, at] of entries.entries()) bench.poke(at, before[i]);
  return wrong;
}

describe.each(PLACES)('$levels-level paging, a leaf at level $level', ({ levels, level }) => {
  it('each bit of each entry, the others permissive', { timeout: 3_600_000 }, () => {
    const { bench, entries, whole } = place(levels, level);
    const wrong: string[] = [];
    const tried = HUNT ? COMBINATIONS.length : 24;
    let turn = 0;
    for (const [i, at] of entries.entries()) {
      for (let bit = 0; bit < 64; bit++) {
        bench.poke(at, whole[i] ^ (1n << BigInt(bit)));
        for (let n = 0; n < tried; n++) {
          const { setting, one } = combination(turn++);
          wrong.push(...compare(bench, entries, setting, one));
        }
      }
      bench.poke(at, whole[i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('P, R/W, U/S, XD and a reserved bit in each pair of levels', { timeout: 3_600_000 }, () => {
    const { bench, entries, whole } = place(levels, level);
    const bits = [0n, P, W, U, NX, 1n << 51n, W | U, W | NX, U | NX, W | U | NX];
    const wrong: string[] = [];
    const tried = HUNT ? COMBINATIONS.length : 8;
    let turn = 0;
    for (let i = 0; i < entries.length; i++) {
      for (let j = 0; j < i; j++) {
        for (const first of bits) {
          for (const second of bits) {
            bench.poke(entries[i], whole[i] ^ first);
            bench.poke(entries[j], whole[j] ^ second);
            for (let n = 0; n < tried; n++) {
              const { setting, one } = combination(turn++);
              wrong.push(...compare(bench, entries, setting, one));
            }
          }
        }
        bench.poke(entries[j], whole[j]);
      }
      bench.poke(entries[i], whole[i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('every protection key under every pair of its bits', () => {
    const { bench, entries, whole } = place(levels, level);
    const wrong: string[] = [];
    for (const mode of [U, 0n]) {
      for (let key = 0; key < 16; key++) {
        bench.poke(entries[0], (whole[0] & ~U) | mode | (BigInt(key) << 59n));
        for (let rights = 0; rights < 4; rights++) {
          const register = rights << (2 * key);
          for (const user of BOTH) {
            for (const wp of BOTH) {
              const setting = { user, wp, pke: true, pks: true, pkru: register, pkrs: register };
              for (const one of ACCESSES) wrong.push(...compare(bench, entries, setting, one));
            }
          }
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});

it('random page tables agree with the oracle', { timeout: 3_600_000 }, () => {
  const random = new Random(20261128);
  const bench = new Bench();
  const tables = Array.from({ length: 8 }, (_, i) => BigInt(i + 1) * 0x1000n);
  const frames = [...tables, 0x2_0000n, 0n, 1n << 39n, 1n << 40n, 0xffff_f000n];
  const seen: Record<string, number> = {};
  const rounds = 20_000 * Number(process.env.FAULTLINE_HUNT ?? 1);
  for (let round = 0; round < rounds; round++) {
    bench.levels = random.below(2) ? 5 : 4;
    let address = random.bits64();
    if (random.below(8)) address = BigInt.asUintN(64, BigInt.asIntN(bench.levels === 5 ? 57 : 48, address));
    bench.root = random.pick(random.below(32) ? tables : frames.filter((frame) => frame < 1n << 40n));
    let table = bench.root;
    for (let i = bench.levels - 1; i >= 0; i--) {
      const at = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      table = random.pick(tables);
      let entry = table | P | W | U;
      if (i === 0 || random.below(8) === 0) {
        entry = random.pick(frames) | (random.bits64() & (NX | (0xfn << 59n) | 0x17en)) | P | (i > 0 ? PS : 0n);
        if (random.below(4)) entry |= W | U;
      }
      if (random.below(24) === 0) entry ^= 1n << BigInt(random.below(64));
      if (random.below(64) === 0) entry = random.bits64();
      if (at < 0x4_0000n) bench.poke(at, entry);
    }
    const { setting, one } = random.pick(COMBINATIONS);
    bench.under({ ...setting, pkru: random.below(2) * Number(random.bits64() & 0x7fff_ffffn) });
    bench.forget();
    const answer = bench.ask(address, one);
    const want = expected(answer, address);
    const got = bench.outcome(address, shapeOf(one));
    if (got !== want) {
      const walk = bench.hart.trap.walk?.steps.map(({ decision }) => decision).join('; ');
      expect.fail(
        `round ${round}: ${address.toString(16)} ${JSON.stringify(bench.setting)}: ${got}, not ${want} (${walk})`,
      );
    }
    const kind = want.replace(/ [0-9a-f]+$/, '');
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  for (const kind of ['pa', 'vector 13 error', '#PF 0', '#PF 10', '#PF 101', '#PF 111', '#PF 1011']) {
    expect([kind, (seen[kind] ?? 0) > 20]).toEqual([kind, true]);
  }
});
