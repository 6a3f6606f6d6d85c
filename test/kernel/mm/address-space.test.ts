import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinuxError } from '../../../kernel/abi/errno.ts';
import type { Rights } from '../../../kernel/arch/arch.ts';
import { rightsText } from '../../../kernel/mm/area.ts';
import { checkRegionAccess, populateArea } from '../../../kernel/mm/user-region.ts';
import { AT, NONE, RO, RW, RX, WO, World } from './world.ts';

const PAGE = 4096n;
const errno = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (error instanceof LinuxError) return error.message;
    throw error;
  }
};
/** `start-end rights`, in pages from AT. */
const layoutOf = (w: World) =>
  w.space.areas.list.map((a) => `${(a.start - AT) >> 12n}-${(a.end - AT) >> 12n} ${rightsText(a.rights)}`);
const hint = (w: World, pages: number, address = 0n) => w.map(0n, pages, RW, { place: { how: 'hint', address } });

describe('map', () => {
  it.each<[string, (w: World) => unknown, unknown]>([
    ['nothing', (w) => w.map(AT, 0), 'EINVAL'],
    ['fixed and misaligned', (w) => w.map(AT + 1n, 1), 'EINVAL'],
    ['fixed at null', (w) => w.map(0n, 1), 'EPERM'],
    ['fixed in the kernel', (w) => w.map(0xffff_ffc0_0000_0000n, 1), 'ENOMEM'],
    ['fixed over the end of the user range', (w) => w.map(0x3f_ffff_f000n, 2), 'ENOMEM'],
    ['the last user page', (w) => w.map(0x3f_ffff_f000n, 1), 0x3f_ffff_f000n],
    ['longer than the user range', (w) => w.map(AT, 2 ** 40), 'ENOMEM'],
    [
      'fixed-new over something',
      (w) => [w.map(AT, 2), w.map(AT + PAGE, 1, RW, { place: { how: 'fixed-new', address: AT + PAGE } })],
      'EEXIST',
    ],
    ['no hint: the highest below mmapTop', (w) => hint(w, 2), 0x3f_feff_d000n],
    ['a second goes below the first', (w) => [hint(w, 2), hint(w, 1)][1], 0x3f_feff_c000n],
    [
      'a hole of the right size is taken',
      (w) => [hint(w, 4), w.space.unmap(0x3f_feff_c000n, PAGE), hint(w, 1)][2],
      0x3f_feff_c000n,
    ],
    [
      'a hole too small is passed by',
      (w) => [hint(w, 4), w.space.unmap(0x3f_feff_c000n, PAGE), hint(w, 2)][2],
      0x3f_feff_9000n,
    ],
    ['a free hint is taken, rounded down', (w) => hint(w, 1, AT + 5n), AT],
    ['a hint that is not free is not', (w) => [w.map(AT, 1), hint(w, 1, AT)][1], 0x3f_feff_e000n],
    ['a hint in the kernel is not', (w) => hint(w, 1, 0xffff_ffc0_0000_0000n), 0x3f_feff_e000n],
  ])('%s', (_name, run, expected) => {
    const w = new World();
    expect(errno(() => run(w))).toEqual(expected);
  });

  it('a fixed mapping replaces what was there, its frames and its translations on every hart', () => {
    const w = new World({ harts: 2 });
    const [first, second] = w.machine.harts;
    w.map(AT, 3);
    for (const hart of [first, second]) w.store(AT + PAGE, 7n, 8, hart);
    const used = w.memory.frames.used;
    w.map(AT + PAGE, 1);
    expect(w.memory.frames.used).toBe(used - 1);
    expect([w.load(AT + PAGE, 8, second), w.load(AT + PAGE, 8, first)]).toEqual([0n, 0n]);
  });
});

describe('unmap and protect', () => {
  it.each<[string, (w: World) => unknown, unknown, string[]]>([
    ['a hole in the middle', (w) => w.space.unmap(AT + PAGE, PAGE), undefined, ['0-1 rw-', '2-4 rw-']],
    ['over both ends', (w) => w.space.unmap(AT - PAGE, 8n * PAGE), undefined, []],
    ['a length within a page', (w) => w.space.unmap(AT, 1n), undefined, ['1-4 rw-']],
    ['nothing there', (w) => w.space.unmap(AT + 8n * PAGE, PAGE), undefined, ['0-4 rw-']],
    ['no length', (w) => w.space.unmap(AT, 0n), 'EINVAL', ['0-4 rw-']],
    ['misaligned', (w) => w.space.unmap(AT + 1n, PAGE), 'EINVAL', ['0-4 rw-']],
    ['beyond the user range', (w) => w.space.unmap(0x3f_ffff_f000n, 2n * PAGE), 'EINVAL', ['0-4 rw-']],
    ['rights of the middle', (w) => w.space.protect(AT + PAGE, PAGE, RO), undefined, ['0-1 rw-', '1-2 r--', '2-4 rw-']],
    [
      'there and back: joined again',
      (w) => [w.space.protect(AT + PAGE, PAGE, RO), w.space.protect(AT + PAGE, PAGE, RW)].length,
      2,
      ['0-4 rw-'],
    ],
    [
      'rights over a hole: as far as it goes',
      (w) => w.space.protect(AT + 2n * PAGE, 4n * PAGE, RO),
      'ENOMEM',
      ['0-2 rw-', '2-4 r--'],
    ],
    ['rights from a hole on', (w) => w.space.protect(AT - PAGE, 2n * PAGE, RO), 'ENOMEM', ['0-4 rw-']],
    ['rights of nothing', (w) => w.space.protect(AT, 0n, RO), undefined, ['0-4 rw-']],
    ['rights of the kernel', (w) => w.space.protect(0xffff_ffc0_0000_0000n, PAGE, RW), 'ENOMEM', ['0-4 rw-']],
  ])('%s', (_name, run, expected, layout) => {
    const w = new World();
    w.map(AT, 4);
    expect(errno(() => run(w))).toEqual(expected);
    expect(layoutOf(w)).toEqual(layout);
  });

  it('rights taken away bind every hart at once', () => {
    const w = new World({ harts: 2 });
    const [, other] = w.machine.harts;
    w.map(AT, 1);
    w.store(AT, 7n, 8, other);
    w.space.protect(AT, PAGE, NONE);
    expect(w.load(AT, 8, other)).toBe('SIGSEGV SEGV_ACCERR');
    w.space.protect(AT, PAGE, RW);
    expect(w.load(AT, 8, other)).toBe(7n);
  });

  it('a page unmapped while another hart runs user code is gone there', () => {
    const w = new World({ harts: 2 });
    const [, other] = w.machine.harts;
    w.map(AT, 40);
    for (let i = 0n; i < 40n; i++) w.store(AT + i * PAGE, 7n, 8, other);
    w.machine.isa.writeSystem(other, 'mode', 0n);
    w.space.unmap(AT, PAGE);
    expect(other.tlb.entries().filter(({ global }) => !global)).toHaveLength(39);
    w.space.unmap(AT + PAGE, 39n * PAGE);
    expect(other.tlb.entries().filter(({ global }) => !global)).toHaveLength(0);
    expect(w.machine.isa.privilege(other)).toBe('user');
  });

  it('images cut in two keep their bytes in place', () => {
    const file = Uint8Array.from({ length: 4 * 4096 }, (_, i) => (i >> 12) + 1);
    const w = new World();
    w.map(AT, 4, RW, { kind: 'image', backing: { kind: 'image', file, offset: 0, length: file.length, bus: false } });
    w.space.unmap(AT + PAGE, PAGE);
    expect([0n, 2n, 3n].map((page) => w.load(AT + page * PAGE, 1))).toEqual([1n, 3n, 4n]);
  });

  it('an image may begin before the file does', () => {
    const w = new World();
    const file = Uint8Array.of(9, 8, 7);
    w.map(AT, 1, RW, { kind: 'image', backing: { kind: 'image', file, offset: -2, length: 5, bus: false } });
    expect(w.load(AT, 8)).toBe(0x07_0809_0000n);
  });
});

/** Whatever is done to sixteen pages: rights, contents and frames are what a map from page to page says. */
describe('against an oracle of single pages', () => {
  type Page = { rights: Rights; value: bigint };
  const PAGES = 16;
  const rights = fc.constantFrom(RW, RO, RX, WO, NONE);
  const range = fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.integer({ min: 1, max: PAGES }));
  const command = fc.oneof(
    fc.record({ do: fc.constant('map' as const), range, rights }),
    fc.record({ do: fc.constant('unmap' as const), range, rights }),
    fc.record({ do: fc.constant('protect' as const), range, rights }),
    fc.record({ do: fc.constant('fork' as const), range, rights }),
    fc.record({ do: fc.constant('store' as const), range, rights }),
    fc.record({ do: fc.constant('load' as const), range, rights }),
  );

  it('holds for 60 runs of commands', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 40 }), (commands) => {
        const w = new World();
        const before = w.memory.frames.used;
        let space = w.space;
        const others = [];
        const pages = new Map<number, Page>();
        let value = 0n;
        for (const {
          do: what,
          range: [first, count],
          rights,
        } of commands) {
          const last = Math.min(first + count, PAGES);
          const address = AT + BigInt(first) * PAGE;
          const length = BigInt(last - first) * PAGE;
          const inside = Array.from({ length: last - first }, (_, i) => first + i);
          const page = pages.get(first);
          switch (what) {
            case 'map':
              space.map({
                kind: 'anonymous',
                name: 'x',
                rights,
                backing: { kind: 'zero' },
                shared: false,
                length,
                place: { how: 'fixed', address },
              });
              for (const i of inside) pages.set(i, { rights, value: 0n });
              break;
            case 'unmap':
              space.unmap(address, length);
              for (const i of inside) pages.delete(i);
              break;
            case 'protect': {
              const hole = inside.find((i) => !pages.has(i));
              expect(errno(() => space.protect(address, length, rights))).toBe(
                hole === undefined ? undefined : 'ENOMEM',
              );
              for (const i of inside) {
                const held = pages.get(i);
                if (!held) break;
                held.rights = rights;
              }
              break;
            }
            case 'fork':
              others.push(space);
              space = space.fork();
              break;
            case 'store':
              value++;
              expect(w.store(address, value, 8, w.hart, space)).toBe(
                !page ? 'SIGSEGV SEGV_MAPERR' : page.rights.write ? 'ok' : 'SIGSEGV SEGV_ACCERR',
              );
              if (page?.rights.write) page.value = value;
              break;
            default:
              expect(w.load(address, 8, w.hart, space)).toBe(
                !page
                  ? 'SIGSEGV SEGV_MAPERR'
                  : page.rights.read || page.rights.write
                    ? page.value
                    : 'SIGSEGV SEGV_ACCERR',
              );
          }
          for (let i = 0; i < PAGES; i++) {
            expect(space.find(AT + BigInt(i) * PAGE)?.rights).toEqual(pages.get(i)?.rights);
          }
        }
        const { list } = space.areas;
        for (let i = 1; i < list.length; i++)
          expect(list[i - 1].end <= list[i].start && !list[i - 1].joins(list[i])).toBe(true);
        for (const other of [...others, space]) if (other !== w.space) other.destroy();
        w.space.unmap(AT, BigInt(PAGES) * PAGE);
        // Tables of the first space stay: those of one leaf region and what leads to it.
        expect(w.memory.frames.used - before).toBeLessThanOrEqual(2);
      }),
      { numRuns: 60, seed: 20261121 },
    );
  });
});

describe('brk', () => {
  it.each<[string, (w: World) => unknown, unknown]>([
    ['before there is a heap', (w) => w.space.brk(AT), 0n],
    ['asking', (w) => [w.space.setHeap(AT + 1n), w.space.brk(0n)][1], AT + PAGE],
    [
      'growing, to any byte',
      (w) => [w.space.setHeap(AT), w.space.brk(AT + 5n), w.store(AT + PAGE - 8n), w.store(AT + PAGE)].slice(1),
      [AT + 5n, 'ok', 'SIGSEGV SEGV_MAPERR'],
    ],
    [
      'shrinking gives back frames; growing again finds zeroes',
      (w) =>
        [
          w.space.setHeap(AT),
          w.space.brk(AT + 2n * PAGE),
          w.store(AT + PAGE, 7n),
          w.space.brk(AT + PAGE),
          w.space.brk(AT + 2n * PAGE),
          w.load(AT + PAGE),
        ].slice(5),
      [0n],
    ],
    [
      'into another mapping',
      (w) =>
        [w.space.setHeap(AT), w.map(AT + 2n * PAGE, 1), w.space.brk(AT + 2n * PAGE), w.space.brk(AT + 3n * PAGE)].slice(
          2,
        ),
      [AT + 2n * PAGE, AT + 2n * PAGE],
    ],
    ['below its start', (w) => [w.space.setHeap(AT), w.space.brk(AT + PAGE), w.space.brk(AT - 1n)][2], AT + PAGE],
    ['beyond the user range', (w) => [w.space.setHeap(AT), w.space.brk(2n ** 63n)][1], AT],
    [
      'one area, however often it grows',
      (w) => [w.space.setHeap(AT), w.space.brk(AT + PAGE), w.space.brk(AT + 3n * PAGE), layoutOf(w)][3],
      ['0-3 rw-'],
    ],
  ])('%s', (_name, run, expected) => expect(run(new World())).toEqual(expected));
});

describe('check_region_access and populate_area', () => {
  const read = { read: true, write: false };
  const both = { read: true, write: true };
  it.each<[string, (w: World) => boolean, { axptr: boolean; corrected: boolean }]>([
    ['one area', (w) => checkRegionAccess(w.space, AT, AT + PAGE, both), { axptr: true, corrected: true }],
    ['one byte below', (w) => checkRegionAccess(w.space, AT - 1n, AT + PAGE, read), { axptr: false, corrected: false }],
    [
      'one byte above',
      (w) => checkRegionAccess(w.space, AT, AT + 3n * PAGE + 1n, read),
      { axptr: false, corrected: false },
    ],
    [
      'two areas, flags of both',
      (w) => checkRegionAccess(w.space, AT, AT + 3n * PAGE, read),
      { axptr: true, corrected: true },
    ],
    [
      'two areas, a flag of one',
      (w) => checkRegionAccess(w.space, AT, AT + 3n * PAGE, both),
      { axptr: false, corrected: false },
    ],
    ['empty, in an area', (w) => checkRegionAccess(w.space, AT + 1n, AT + 1n, read), { axptr: true, corrected: true }],
    ['empty, in a hole', (w) => checkRegionAccess(w.space, AT - 1n, AT - 1n, read), { axptr: false, corrected: false }],
    [
      'an area without USER',
      (w) => checkRegionAccess(w.space, AT + 8n * PAGE, AT + 9n * PAGE, read),
      { axptr: true, corrected: false },
    ],
  ])('%s', (_name, run, expected) => {
    for (const uaccess of ['axptr', 'corrected'] as const) {
      const w = new World({ uaccess });
      w.map(AT, 2);
      w.map(AT + 2n * PAGE, 1, RO);
      w.map(AT + 8n * PAGE, 1, { ...RW, user: false });
      expect(run(w), uaccess).toBe(expected[uaccess]);
    }
  });

  it.each<[string, bigint, bigint, { axptr: unknown; corrected: unknown }]>([
    ['misaligned start', AT + 1n, PAGE, { axptr: 'EINVAL', corrected: 'EINVAL' }],
    ['misaligned size', AT, 1n, { axptr: 'EINVAL', corrected: 'EINVAL' }],
    ['null', 0n, PAGE, { axptr: 'EINVAL', corrected: 'EINVAL' }],
    ['over the end of the user range', 0x3f_ffff_f000n, 2n * PAGE, { axptr: 'EINVAL', corrected: 'EINVAL' }],
    ['a hole', AT + PAGE, 2n * PAGE, { axptr: 'ENOMEM', corrected: 'EFAULT' }],
    ['nothing', AT, 0n, { axptr: undefined, corrected: undefined }],
    ['an area', AT, 2n * PAGE, { axptr: undefined, corrected: undefined }],
  ])('populate: %s', (_name, start, size, expected) => {
    for (const uaccess of ['axptr', 'corrected'] as const) {
      const w = new World({ uaccess });
      w.map(AT, 2);
      expect(
        errno(() => populateArea(w.space, start, size)),
        uaccess,
      ).toBe(expected[uaccess]);
    }
  });

  it('populate leaves a copy-on-write page read-only', () => {
    const w = new World();
    w.map(AT, 1);
    w.store(AT);
    w.space.fork();
    populateArea(w.space, AT, PAGE);
    expect(w.entry(AT)).toBe('ru AD');
  });
});

describe('address-space ids', () => {
  it('are the lowest free, and translations of the last holder are gone', () => {
    const w = new World();
    w.map(AT, 1);
    w.store(AT, 1n);
    const child = w.space.fork();
    expect([w.space.id, child.id]).toEqual([1, 2]);
    w.load(AT, 8, w.hart, child);
    child.destroy();
    const next = w.space.fork();
    expect(next.id).toBe(2);
    next.unmap(AT, PAGE);
    expect(w.load(AT, 8, w.hart, next)).toBe('SIGSEGV SEGV_MAPERR');
  });
});
