// SDM vol. 1, 3.3.7.1: an access of which any byte has an address that is none is #GP(0) as a whole or, through SS, #SS(0),
// whatever the page of its other bytes says; nothing has changed then.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeOperands } from '../../../machine/x86/decode.ts';
import { CODE_64 } from '../../../machine/x86/registers.ts';
import { describeWith } from '../../toolchain.ts';
import type { Outsider } from '../semantics/outsider.ts';
import { Bench, P, W } from './mmu-harness.ts';
import { AT, Rig } from './rig.ts';
import { Here } from './semantics/here.ts';
import { BREAKPOINT, FX, INPUT, OUTPUT } from './semantics/layout.ts';
import { makeOutsider } from './semantics/outsider.ts';

const [GP, SS, PF] = [13, 12, 14];

/** Instructions with a memory operand at [rbx] and, through SS, at [rbp]; bytes of it. */
const INSTRUCTIONS: readonly (readonly [name: string, prefix: string, digit: number, bytes: number])[] = [
  ['mov rax, m64', '488b', 0, 8],
  ['mov m64, rax', '4889', 0, 8],
  ['mov m32, eax', '89', 0, 4],
  ['mov ax, m16', '668b', 0, 2],
  ['add m64, rax', '4801', 0, 8],
  ['lock add m64, rax', 'f04801', 0, 8],
  ['xchg m64, rax', '4887', 0, 8],
  ['lock cmpxchg m64, rax', 'f0480fb1', 0, 8],
  ['cmpxchg8b m64', '0fc7', 1, 8],
  ['push m64', 'ff', 6, 8],
  ['call m64', 'ff', 2, 8],
  ['movdqu xmm0, m128', 'f30f6f', 0, 16],
  ['movdqu m128, xmm0', 'f30f7f', 0, 16],
  ['movq mm0, m64', '0f6f', 0, 8],
  ['fld m80', 'db', 5, 10],
  ['fstp m80', 'db', 7, 10],
  ['fld m64', 'dd', 0, 8],
  ['fst m64', 'dd', 2, 8],
  ['fbstp m80', 'df', 6, 10],
  ['fldenv', 'd9', 4, 28],
  ['fnstenv', 'd9', 6, 28],
  ['fldenv of words', '66d9', 4, 14],
  ['frstor', 'dd', 4, 108],
  ['fnsave', 'dd', 6, 108],
  ['fxsave', '0fae', 0, 512],
  ['fxrstor', '0fae', 1, 512],
  ['fxsave64', '480fae', 0, 512],
];

/** The highest address of the lower half, and the one below the upper half's lowest. */
const TOP = 0x7fff_ffff_ffffn;
const BELOW = 0xffff_7fff_ffff_ffffn;

interface AddressCase {
  readonly name: string;
  readonly code: string;
  readonly address: bigint;
  readonly stack: boolean;
  /** What happens here, and on the host's processor. */
  readonly here: string;
  readonly there: string;
}

/**
 * An operand of 80 bits is two accesses here and there, of which the first meets the absent page. The host's processor makes
 * several of x87's environments, too; the manual knows one operand.
 */
function endings(bytes: number, inLower: number, stack: boolean): { here: string; there: string } {
  const whole = stack ? `${SS}(0)` : `${GP}(0)`;
  const first = bytes === 10 ? 8 : bytes === 28 || bytes === 108 ? 4 : bytes === 14 ? 2 : bytes;
  const isPart = first < bytes && inLower >= first;
  return { here: isPart && bytes === 10 ? 'page fault' : whole, there: isPart ? 'page fault' : whole };
}

const CASES: AddressCase[] = INSTRUCTIONS.flatMap(([name, prefix, digit, bytes]) =>
  [false, true].flatMap((stack) => {
    const modrm = (stack ? 0x45 : 0x43) | (digit << 3);
    const code = `${prefix}${Buffer.from([modrm, 0]).toString('hex')}`;
    // FXSAVE's area is aligned, so half of it lies in either part.
    const parts = bytes === 512 ? [256] : [1, bytes - 1];
    return [...new Set(parts)].flatMap((first) => [
      {
        name: `${name}: ${first} bytes in the lower half`,
        ...{ code, stack, address: TOP + 1n - BigInt(first) },
        ...endings(bytes, first, stack),
      },
      {
        name: `${name}: all but ${first} bytes in the upper half`,
        ...{ code, stack, address: BELOW + 1n - BigInt(first) },
        ...endings(bytes, 0, stack),
      },
    ]);
  }),
);

const RBX = 3;
const RBP = 5;

function inputOf({ code, address, stack }: AddressCase): BigUint64Array {
  const input = new BigUint64Array(INPUT.words);
  const bytes = new Uint8Array(input.buffer, INPUT.code * 8, 16).fill(BREAKPOINT);
  bytes.set(Buffer.from(code, 'hex'));
  for (let i = 0; i < 16; i++) input[INPUT.r + i] = 0x30_0800n;
  input[INPUT.r + (stack ? RBP : RBX)] = address;
  input[INPUT.rflags] = 0x202n;
  // All exceptions of x87 masked, eight registers full; MXCSR as after reset.
  input[INPUT.fx] = 0xff_0000_037fn;
  for (let i = 0; i < 8; i++) {
    input[INPUT.fx + FX.st + 2 * i] = 1n << 63n;
    input[INPUT.fx + FX.st + 2 * i + 1] = 0x3fffn;
  }
  input[INPUT.fx + FX.mxcsr] = 0x1f80n;
  return input;
}

/** Vector and error code, and whether general registers are as they were. */
function told(result: BigUint64Array, input: BigUint64Array): string {
  const kept = Array.from({ length: 16 }, (_, i) => result[OUTPUT.r + i] === input[INPUT.r + i]).every(Boolean);
  const vector = Number(result[OUTPUT.vector]);
  const trap = vector === PF ? 'page fault' : `${vector}(${result[OUTPUT.error]})`;
  return `${trap}${kept ? '' : ', registers changed'}`;
}

describe('across the ends of both halves, the page of the other part being absent', () => {
  const machine = new Here();
  it.each(CASES.map((one) => [one.stack ? 'through SS' : 'through DS', one.name, one] as const))(
    '%s: %s',
    (_, __, one) => {
      const input = inputOf(one);
      const instruction = decodeOperands(Buffer.from(one.code, 'hex'), CODE_64);
      if (typeof instruction === 'number' || 'refused' in instruction) throw new Error(`no instruction: ${one.code}`);
      const here = machine.run({ row: instruction.row, instruction, input }) as BigUint64Array;
      expect(told(here, input)).toBe(one.here);
    },
  );
});

const isHost = process.arch === 'x64' && readFileSync('/proc/cpuinfo', 'latin1').includes('fxsr');
if (isHost) {
  describeWith(['gcc'], 'the host’s processor says the same', () => {
    let there: Outsider | undefined;
    let results: BigUint64Array;
    beforeAll(() => {
      there = makeOutsider(['env']);
      const inputs = new BigUint64Array(CASES.length * INPUT.words);
      CASES.forEach((one, i) => {
        inputs.set(inputOf(one), i * INPUT.words);
      });
      results = there.run(inputs);
    });
    afterAll(() => there?.remove());
    it.each(CASES.map((one, i) => [one.stack ? 'through SS' : 'through DS', one.name, one, i] as const))(
      '%s: %s',
      (_, __, one, i) => {
        const result = results.subarray(i * OUTPUT.words, (i + 1) * OUTPUT.words);
        expect(told(result, inputOf(one))).toBe(one.there);
      },
    );
  });
} else describe.skip('the host’s processor says the same (it is no x86-64)', () => {});

describe('with 5-level paging', () => {
  it.each([
    ['across the end of the lower half of 57 bits', 5, 0xff_ffff_ffff_fffcn, GP],
    ['into the upper half of 57 bits', 5, 0xfeff_ffff_ffff_fffcn, GP],
    ['across what ends 48 bits', 5, TOP - 3n, PF],
    ['across 2^64, to address 0', 5, 0xffff_ffff_ffff_fffcn, PF],
    ['across 2^64 with 4 levels', 4, 0xffff_ffff_ffff_fffcn, PF],
  ] as const)('%s', (_, levels, address, vector) => {
    const bench = new Bench();
    bench.levels = levels;
    bench.under({});
    const { hart, memory } = bench;
    const vectors = [
      memory.load(address, 8),
      memory.store(address, 8, 0n) || undefined,
      memory.amo('swap', address, 8, 0n),
      memory.compareAndSwap(address, 8, 0n, 0n),
    ].map((result) => [result, hart.trap.cause & 0xff]);
    expect(vectors).toEqual(Array.from({ length: 4 }, () => [undefined, vector]));
    if (vector === PF) expect(hart.trap.value).toBe(address);
  });

  it('a first part that is there sets no accessed or dirty flag', () => {
    const bench = new Bench();
    const [leaf] = bench.map(TOP - 0xfffn, 0x2_0000n, P | W);
    bench.under({});
    expect(bench.memory.store(TOP - 3n, 8, 1n)).toBe(false);
    expect([bench.hart.trap.cause & 0xff, bench.peek(leaf)]).toEqual([GP, 0x2_0000n | P | W]);
  });
});

describe('instructions across the end of the lower half (vol. 3A, 6.15, interrupt 13)', () => {
  /** Code in the last page of the lower half. */
  function run(at: bigint, code: string, steps: number): Rig {
    const rig = new Rig();
    const [frame, entries] = [0x4_0000n, [0x6_0000n, 0x6_1000n, 0x6_2000n]];
    let table: bigint = AT.tables;
    for (let level = 3n; level > 0n; level--) {
      const next = entries.shift() as bigint;
      rig.write(table + 8n * ((at >> (12n + 9n * level)) & 0x1ffn), 8, next | 7n);
      table = next;
    }
    rig.write(table + 8n * ((at >> 12n) & 0x1ffn), 8, frame | 7n);
    for (const [i, byte] of Buffer.from(code, 'hex').entries()) {
      const offset = (at & 0xfffn) + BigInt(i);
      if (offset < 4096n) rig.write(frame + offset, 1, BigInt(byte));
    }
    rig.set({ rip: at });
    rig.machine.run(steps);
    return rig;
  }
  it.each<[string, bigint, string, number, bigint]>([
    ['one that has its first byte below', TOP, '48ffc0', 1, TOP],
    ['a prefix alone', TOP, '66', 1, TOP],
    ['one that ends there is done, and the next is none', TOP, '90', 2, TOP + 1n],
  ])('%s: #GP(0)', (_, at, code, steps, rip) => {
    const rig = run(at, code, steps);
    expect([rig.taken, rig.word(1)]).toEqual(['#13(0)', rip]);
  });
});
