import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Result } from '../../../machine/x86/x87-arithmetic.ts';
import { exactly, take } from '../../../machine/x86/x87-number.ts';
import {
  arcTangent,
  logarithm,
  logarithmPlusOne,
  powerMinusOne,
  sineAndCosine,
  tangent,
} from '../../../machine/x86/x87-transcendental.ts';
import { describeWith } from '../../toolchain.ts';

// x87's transcendental instructions are within one unit in the last place (SDM vol. 1, 8.3.10): here beside the host's own.

const CONTROL = { precision: 64, rounding: 'rne', masks: 0x3f } as const;
type Meaning = (x: bigint, y: bigint) => Result | undefined;
const OPERATIONS: readonly (readonly [name: string, host: string, meaning: Meaning, low: number, high: number])[] = [
  ['f2xm1', '"f2xm1" : "=t"(r) : "0"(x)', (x) => powerMinusOne(x, CONTROL), -70, -1],
  ['fsin', '"fsin" : "=t"(r) : "0"(x)', (x) => sineAndCosine(x, CONTROL)?.sine, -80, 62],
  ['fcos', '"fcos" : "=t"(r) : "0"(x)', (x) => sineAndCosine(x, CONTROL)?.cosine, -80, 62],
  ['fptan', '"fptan; fstp %%st(0)" : "=t"(r) : "0"(x)', (x) => tangent(x, CONTROL), -80, 62],
  ['fpatan', '"fpatan" : "=t"(r) : "0"(x), "u"(y) : "st(1)"', (x, y) => arcTangent(y, x, CONTROL), -60, 60],
  [
    'fyl2x',
    '"fyl2x" : "=t"(r) : "0"(x < 0 ? -x : x), "u"(y) : "st(1)"',
    (x, y) => logarithm(x & ~(1n << 79n), y, CONTROL),
    -60,
    60,
  ],
  ['fyl2xp1', '"fyl2xp1" : "=t"(r) : "0"(x), "u"(y) : "st(1)"', (x, y) => logarithmPlusOne(x, y, CONTROL), -80, -3],
];

const source = `#include <stdio.h>
#include <string.h>
int main(void) {
  int op; unsigned xe, ye; unsigned long long xm, ym;
  while (scanf("%d %x %llx %x %llx", &op, &xe, &xm, &ye, &ym) == 5) {
    long double x = 0, y = 0, r = 0;
    memcpy(&x, &xm, 8); memcpy((char *)&x + 8, &xe, 2); memcpy(&y, &ym, 8); memcpy((char *)&y + 8, &ye, 2);
    switch (op) {
${OPERATIONS.map(([, host], n) => `    case ${n}: __asm__ ${host}); break;`.replace('__asm__ ', '__asm__(')).join('\n')}
    }
    unsigned long long m; unsigned short e; memcpy(&m, &r, 8); memcpy(&e, (char *)&r + 8, 2);
    printf("%x %llx\\n", e, m);
  }
}
`;

describeWith(process.arch === 'x64' ? ['gcc'] : ['an x86-64 processor'], 'transcendentals beside the host’s', () => {
  it('are within one unit in the last place of each other', () => {
    let seed = 0x5eedn;
    const next = () => {
      seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n);
      return seed >> 11n;
    };
    const number = (low: number, high: number) => {
      const exponent = low + Number(next() % BigInt(high - low + 1));
      const significand = (1n << 63n) | BigInt.asUintN(63, (next() << 53n) ^ next());
      return exactly({ negative: (next() & 1n) === 1n, significand, exponent: exponent - 63 });
    };
    const cases = OPERATIONS.flatMap(([, , , low, high], op) =>
      Array.from({ length: 2000 }, () => ({ op, x: number(low, high), y: number(-40, 40) })),
    );
    const folder = mkdtempSync(join(tmpdir(), 'faultline-x87-'));
    try {
      writeFileSync(join(folder, 'host.c'), source);
      execFileSync('gcc', ['-O1', '-o', join(folder, 'host'), join(folder, 'host.c')]);
      const half = (value: bigint) => `${(value >> 64n).toString(16)} ${BigInt.asUintN(64, value).toString(16)}`;
      const input = cases.map(({ op, x, y }) => `${op} ${half(x)} ${half(y)}`).join('\n');
      const lines = execFileSync(join(folder, 'host'), { input, encoding: 'latin1' }).trim().split('\n');
      const wrong = cases.flatMap(({ op, x, y }, i) => {
        const [e, m] = lines[i].split(' ').map((word) => BigInt(`0x${word}`));
        const [name, , meaning] = OPERATIONS[op];
        const ours = meaning(x, y)?.value ?? 0n;
        // Where an angle is reduced the host keeps few bits more than it shows: near a multiple of π it is further off.
        const reduced = /^f(sin|cos|ptan)$/.test(name) && ((x >> 64n) & 0x7fffn) > 0x3ffdn;
        return distance(ours, (e << 64n) | m) <= (reduced ? 256n : 1n)
          ? []
          : [`${name} ${half(x)}, ${half(y)}: ${half(ours)} / ${lines[i]}`];
      });
      expect(wrong).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('FYL2XP1 of what is nearest to −1 ends, with a logarithm of −64 (SDM vol. 2A: undefined, so that it need not)', () => {
  const one = exactly({ negative: false, significand: 1n, exponent: 0 });
  const nearest = (0xbffen << 64n) | BigInt.asUintN(64, -1n);
  expect(logarithmPlusOne(nearest, one, CONTROL).value).toBe((0xc005n << 64n) | (1n << 63n));
});

/** How many numbers lie between two of the same sign. */
function distance(a: bigint, b: bigint): bigint {
  if (take(a).negative !== take(b).negative) return 1n << 80n;
  const place = (value: bigint) => ((value >> 64n) & 0x7fffn) * (1n << 63n) + BigInt.asUintN(63, value);
  const difference = place(a) - place(b);
  return difference < 0n ? -difference : difference;
}
