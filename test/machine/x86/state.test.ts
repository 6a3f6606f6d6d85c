import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../toolchain.ts';
import type { Outsider } from '../semantics/outsider.ts';
import { HUNT, Random } from '../semantics/random.ts';
import { Here } from './semantics/here.ts';
import { makeOutsider } from './semantics/outsider.ts';
import {
  LAYOUT,
  makeCase,
  OVER_THE_END,
  RESTORES,
  type Restore,
  SAVES,
  type Save,
  type Wanted,
} from './state-cases.ts';

// Environments and states of x87 and SSE, by every instruction that saves or restores one, beside the host's processor:
// random operations on a random state, then what is saved, or what there is after a random image was restored.

const { input: INPUT, output: OUTPUT } = LAYOUT;
const CASES = 150 * HUNT;
const BP = 3n;
const GP = 13n;
const PF = 14n;
const MF = 16n;
const XM = 19n;
/** RF is told of by the host alone. */
const RFLAGS = 0x24_7ed5n;
/** Where FXSAVE's image is in a result, and where the saved one. */
const STATE = OUTPUT.fx * 8;
const STATE_BYTES = 416;
const SAVED = OUTPUT.memory * 8;

/**
 * AMD's processors keep FOP and FDP of every instruction, but FXSAVE and XSAVE leave these and FIP out while no exception
 * waits. Others may keep FOP and FDP of instructions with an exception alone (SDM vol. 1, 8.1.8 and 8.1.9). Where an
 * exception waits all agree.
 */
const AMD = process.arch === 'x64' && /AuthenticAMD/.test(readFileSync('/proc/cpuinfo', 'latin1'));
/** In the lower byte of a status word: whether an exception waits. */
const ES = 0x80;

type Range = readonly [from: number, to: number];

/** Bytes of an image that are not compared, by its form and the host's. */
function notCompared(save: Save, there: Uint8Array): Range[] {
  // FCS and FDS, which here are 0 as CPUID tells (SDM vol. 1, 8.1.8), and what is not kept of every instruction.
  if (save.startsWith('data16')) {
    const kept = AMD || (there[2] & ES) !== 0;
    return [[8, 10], [12, 14], ...(kept ? [] : [[10, 12] as const])];
  }
  if (save.startsWith('fn')) {
    const kept = AMD || (there[4] & ES) !== 0;
    return [[16, 18], [24, 26], ...(kept ? [] : [[18, 24] as const])];
  }
  const pointers: Range[] = (there[2] & ES) !== 0 ? [] : [[6, 24]];
  // MXCSR_MASK is the processor's own.
  return [
    ...pointers,
    ...(save.endsWith('64')
      ? []
      : ([
          [12, 14],
          [20, 22],
        ] as const)),
    [28, 32],
  ];
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What of two results differs, in words. */
function differences(wanted: Wanted, here: BigUint64Array, there: BigUint64Array): string[] {
  const found: string[] = [];
  const compare = (name: string, a: bigint, b: bigint) => {
    if (a !== b) found.push(`${name} ${a.toString(16)} / ${b.toString(16)}`);
  };
  compare('vector', here[OUTPUT.vector], there[OUTPUT.vector]);
  compare('error', here[OUTPUT.error], there[OUTPUT.error]);
  compare('rip', here[OUTPUT.rip], there[OUTPUT.rip]);
  for (let i = OUTPUT.r; i < OUTPUT.rflags; i++) compare(`r${i - OUTPUT.r}`, here[i], there[i]);
  compare('rflags', here[OUTPUT.rflags] & RFLAGS, there[OUTPUT.rflags] & RFLAGS);
  const bytesOf = (words: BigUint64Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const [ours, theirs] = [bytesOf(here), bytesOf(there)];
  const compareBytes = (name: string, from: number, size: number, ignored: readonly Range[]) => {
    for (let at = 0; at < size; at++) {
      if (ours[from + at] === theirs[from + at] || ignored.some(([low, high]) => at >= low && at < high)) continue;
      const line = from + (at & ~15);
      found.push(`${name}+${at}: ${hex(ours.subarray(line, line + 16))} / ${hex(theirs.subarray(line, line + 16))}`);
      at |= 15;
    }
  };
  compareBytes('state', STATE, STATE_BYTES, notCompared('fxsave64', theirs.subarray(STATE)));
  // Of an area that cannot all be written the processor may have written a part (SDM vol. 1, 13.4 and vol. 3A, 6.5).
  if (here[OUTPUT.vector] === PF) return found;
  const saved = wanted.save && here[OUTPUT.vector] === BP ? notCompared(wanted.save, theirs.subarray(SAVED)) : [];
  compareBytes('memory', SAVED, LAYOUT.memoryWords * 8, saved);
  return found;
}

describeWith(
  process.arch === 'x64' ? ['gcc'] : ['an x86-64 processor'],
  'states as the host’s processor has them',
  () => {
    let there: Outsider;
    const here = new Here(LAYOUT);
    beforeAll(() => {
      there = makeOutsider(['env'], LAYOUT);
    }, 100_000);
    afterAll(() => there.remove());

    /** Runs cases here and there; how many ended with each vector. */
    function run(seed: number, wantedOf: (random: Random, i: number) => Wanted): Map<bigint, number> {
      const random = new Random(seed);
      const cases = Array.from({ length: CASES }, (_, i) => {
        const wanted = wantedOf(random, i);
        return { wanted, input: makeCase(random, wanted) };
      });
      const inputs = new BigUint64Array(CASES * INPUT.words);
      cases.forEach(({ input }, i) => {
        inputs.set(input, i * INPUT.words);
      });
      const results = there.run(inputs);
      const vectors = new Map<bigint, number>();
      const wrong = cases.flatMap(({ wanted, input }, i) => {
        const ours = here.runThrough(input);
        const [vector] = ours;
        vectors.set(vector, (vectors.get(vector) ?? 0) + 1);
        const found = differences(wanted, ours, results.subarray(i * OUTPUT.words, (i + 1) * OUTPUT.words));
        const code = hex(new Uint8Array(input.buffer, 0, LAYOUT.codeWords * 8)).replace(/(cc)+$/, '');
        return found.length === 0 ? [] : [`case ${i}: ${code} ${found.join('; ')}`];
      });
      expect(wrong.slice(0, 10), `${wrong.length} of ${CASES} differ`).toEqual([]);
      return vectors;
    }

    const saves = Object.keys(SAVES) as Save[];
    const restores = Object.keys(RESTORES) as Restore[];

    it('after operations alone, whose exceptions are taken where something waits', () => {
      const vectors = run(1, (random) => ({ operations: random.below(16) }));
      expect([...vectors.keys()].sort()).toEqual([MF, XM, BP].sort());
    });

    it.each(saves)('%s', (save) => {
      const vectors = run(2, (random) => ({ operations: random.below(12), save }));
      expect(vectors.get(BP)).toBeGreaterThan(CASES / 2);
    });

    it.each(restores)('%s', (restore) => {
      const vectors = run(3, (random) => ({ operations: random.below(4), restore }));
      expect(vectors.get(BP)).toBeGreaterThan(CASES / 2);
    });

    it.each(restores)('%s, then the state is saved in any form', (restore) => {
      const vectors = run(4, (random) => ({ operations: random.below(2), restore, save: random.pick(saves) }));
      expect(vectors.get(BP)).toBeGreaterThan(CASES / 2);
    });

    it.each(restores)('%s of bits that are reserved: #GP by those of MXCSR and of XSAVE’s header', (restore) => {
      const vectors = run(5, (random) => ({ operations: 0, restore, wild: true, save: random.pick(saves) }));
      expect((vectors.get(GP) ?? 0) > 0).toBe(/xrstor/.test(restore));
      expect(vectors.get(BP)).toBeGreaterThan(CASES / 5);
    });

    it.each([...saves, ...restores])('%s where it is not aligned: #GP of FXSAVE’s family alone', (name) => {
      const what = name in SAVES ? { save: name as Save } : { restore: name as Restore };
      const vectors = run(6, (random) => ({ operations: 0, ...what, shift: BigInt(-random.below(64)) }));
      expect((vectors.get(GP) ?? 0) > 0).toBe(/^f?x/.test(name));
    });

    it.each([...saves, ...restores])('%s over the end of memory: #PF, and registers stay', (name) => {
      const isSave = name in SAVES;
      const what = isSave ? { save: name as Save } : { restore: name as Restore };
      const shift = OVER_THE_END[isSave ? 'save' : 'restore'];
      // An environment is shorter than what is left there.
      const further = /env/.test(name) ? 52n : 0n;
      const vectors = run(7, () => ({ operations: 0, ...what, shift: shift + further }));
      expect(vectors.get(PF)).toBeGreaterThan(0);
    });
  },
);
