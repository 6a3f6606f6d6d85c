import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, U32, U64 } from '../../../kernel/mm/layouts.ts';
import { LockingProvider, UserConstPtr, UserPtr, userBytes, userConstBytes } from '../../../kernel/mm/user-pointer.ts';
import { AT, NONE, RO, RW, WO, World, XO } from './world.ts';

const PAGE = 4096n;

/** Addresses near everything that matters, and any others. */
const near = [
  0n,
  AT,
  AT + 4n * PAGE,
  0x3f_ffff_f000n - 0x8000n,
  0x3f_ff7f_f000n,
  0x40_0000_0000n,
  2n ** 63n,
  2n ** 64n - PAGE,
  2n ** 64n,
];
const address = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...near), fc.integer({ min: -9000, max: 9000 }))
      .map(([base, off]) => BigInt.asUintN(64, base + BigInt(off))),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
);
const length = fc.oneof(fc.integer({ min: 0, max: 20_000 }).map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const policies = fc.record({
  policy: fc.constantFrom('corrected' as const, 'veridian' as const),
  uaccess: fc.constantFrom('corrected' as const, 'axptr' as const),
  hardwareAd: fc.boolean(),
});

type Action = (w: World, at: bigint, size: bigint) => unknown;
const ACTIONS: readonly Action[] = [
  (w, at) => w.load(at),
  (w, at, size) => w.store(at, size),
  (w, at) => w.fetch(at),
  (w, at) => userConstBytes(at).getAsStr(w.aspace, 4096),
  (w, at) => userConstBytes(at).getAsStr(new LockingProvider(w.hart, w.space), 4096),
  (w, at) => new UserConstPtr(at, bytes(24)).getAsNullTerminated(w.aspace, 500).length,
  (w, at) => new UserPtr(at, U64).get(w.aspace).store(at),
  (w, at) => new UserConstPtr(at, U32).get(w.aspace).load(),
  (w, at, size) => userBytes(at).getAsSlice(w.aspace, size).writeFrom(new Uint8Array(100).fill(1)),
  (w, at, size) => userConstBytes(at).getAsSlice(w.aspace, size).readInto(new Uint8Array(100)),
  (w, at, size) => w.space.unmap(at & ~0xfffn, size),
  (w, at, size) => w.space.protect(at & ~0xfffn, size, [RW, RO, WO, XO, NONE][Number(size % 5n)]),
  (w, at, size) =>
    w.space.map({
      kind: 'anonymous',
      name: 'x',
      rights: RW,
      backing: { kind: 'zero' },
      shared: size % 9n === 0n,
      length: size,
      place: { how: (['fixed', 'fixed-new', 'hint'] as const)[Number(size % 3n)], address: at },
    }),
  (w, at) => w.space.brk(at),
  (w) => w.space.fork().destroy(),
  (w, at) => w.memory.afterCheck === undefined && w.space.unmap(at & ~0xfffn, PAGE),
];

/** Whatever a process passes: errors are LinuxError, KernelPanic or TaskEnded, and nothing is lost or corrupted. */
describe('hostile arguments', () => {
  it('throw nothing else, panic only under axptr, and lose no frame', () => {
    fc.assert(
      fc.property(
        policies,
        fc.array(fc.tuple(fc.nat({ max: ACTIONS.length - 1 }), address, length), { minLength: 1, maxLength: 30 }),
        (options, commands) => {
          const w = new World({ ...options, megabytes: 2 });
          const before = w.memory.frames.used;
          w.map(AT, 4);
          w.space.setHeap(AT + 8n * PAGE);
          w.space.mapStack(0x8000n);
          for (const [action, at, size] of commands) {
            const result = w.outcome(() => ACTIONS[action](w, at, size));
            if (options.uaccess === 'corrected') {
              expect(`${result}`).not.toMatch(/^(panic|ended)/);
              expect(w.memory.userAccess[0]).toBe(false);
            }
            w.memory.userAccess[0] = false;
            let reached = 0n;
            for (const { start, end, pages } of w.space.areas.list) {
              expect(start >= reached && end > start).toBe(true);
              reached = end;
              for (const vpn of pages.keys()) expect(vpn << 12n >= start && vpn << 12n < end).toBe(true);
            }
          }
          w.space.destroy();
          // The space's own root went back too.
          expect(w.memory.frames.used).toBe(before - 1);
        },
      ),
      { numRuns: 150, seed: 20261121 },
    );
  });
});
