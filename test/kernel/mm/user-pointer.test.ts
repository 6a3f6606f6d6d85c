import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { bytes, I32, I64, struct, U8, U16, U32, U64 } from '../../../kernel/mm/layouts.ts';
import { accessUserMemory, isAccessingUserMemory } from '../../../kernel/mm/user-access.ts';
import { LockingProvider, UserConstPtr, UserPtr, userBytes, userConstBytes } from '../../../kernel/mm/user-pointer.ts';
import { AT, NONE, RO, RX, WO, World, type WorldOptions } from './world.ts';

const PAGE = 4096n;
const HOLE = 0x2000n;
const OVERFLOW = 'panic: attempt to add with overflow (VirtAddrRange::from_start_size)';
const LAYOUT_ERROR = 'panic: called `Result::unwrap()` on an `Err` value: LayoutError';
const kernelBug = (kind: string, address: bigint) =>
  `panic: page fault in the kernel without the user-access flag: ${kind} ${address.toString(16)}`;

/** Puts text into user memory by user stores; without a terminator of its own. */
function put(w: World, address: bigint, text: string | readonly number[]): void {
  const values = typeof text === 'string' ? [...text].map((c) => c.charCodeAt(0)) : text;
  values.forEach((value, i) => {
    expect(w.store(address + BigInt(i), BigInt(value), 1)).toBe('ok');
  });
  w.handled.length = 0;
}

const stringAt = (w: World, address: bigint, limit?: number) => userConstBytes(address).getAsStr(w.aspace, limit);

interface Case {
  readonly name: string;
  readonly options?: WorldOptions;
  readonly run: (w: World) => unknown;
  readonly axptr: unknown;
  readonly corrected: unknown;
}

/** SUM set, PAN clear, or AC set. */
function isOpen({ machine: { isa }, hart }: World): boolean {
  if (isa.name === 'riscv64') return (isa.readSystem(hart, 'sstatus') & (1n << 18n)) !== 0n;
  if (isa.name === 'x86-64') return (isa.readSystem(hart, 'rflags') & (1n << 18n)) !== 0n;
  return isa.readSystem(hart, 'pan') === 0n;
}

describe.each(ARCHES)('$isa.name', ({ isa, modes }) => {
  const make = (options: WorldOptions = {}) => new World({ isa, ...options });
  const [{ layout }] = modes;
  const KERNEL = layout.directMap + isa.ramBase;
  function cases(title: string, table: readonly Case[]): void {
    describe.each(['axptr', 'corrected'] as const)(`${title}: %s`, (uaccess) => {
      it.each(table)('$name', ({ options, run, ...expected }) => {
        const w = make({ ...options, uaccess });
        expect(w.outcome(() => run(w))).toEqual(expected[uaccess]);
        // axptr leaves the flag set where its closure did not return.
        if (uaccess === 'corrected') expect(isAccessingUserMemory(w.memory, w.hart)).toBe(false);
      });
    });
  }

  const same = (result: unknown) => ({ axptr: result, corrected: result });

  cases('edge cases', [
    { name: 'null', run: (w) => new UserPtr(0n, U32).get(w.aspace), ...same('EFAULT') },
    { name: 'null string', run: (w) => stringAt(w, 0n), ...same('EFAULT') },
    { name: 'kernel address', run: (w) => new UserConstPtr(KERNEL, U32).get(w.aspace), ...same('EFAULT') },
    { name: 'kernel string', run: (w) => stringAt(w, KERNEL), ...same('EFAULT') },
    {
      name: 'zero-length slice, unmapped start',
      run: (w) => userBytes(HOLE).getAsSlice(w.aspace, 0).bytes(),
      axptr: 'EFAULT',
      corrected: new Uint8Array(),
    },
    {
      name: 'zero-length slice, mapped start',
      run: (w) =>
        [
          w.map(AT, 1),
          userBytes(AT + 8n)
            .getAsSlice(w.aspace, 0)
            .bytes(),
        ][1],
      ...same(new Uint8Array()),
    },
    {
      name: 'start + size wraps 2^64',
      run: (w) => userBytes(2n ** 64n - 8n).getAsSlice(w.aspace, 16),
      axptr: OVERFLOW,
      corrected: 'EFAULT',
    },
    {
      name: 'start + size is 2^64',
      run: (w) => new UserPtr(2n ** 64n - 8n, U64).get(w.aspace),
      axptr: OVERFLOW,
      corrected: 'EFAULT',
    },
    {
      name: 'start + size is 2^64 - 1',
      run: (w) => userBytes(2n ** 64n - 9n).getAsSlice(w.aspace, 8),
      ...same('EFAULT'),
    },
    {
      name: 'a slice above isize::MAX',
      run: (w) => new UserPtr(AT, U64).getAsSlice(w.aspace, 2n ** 60n),
      axptr: LAYOUT_ERROR,
      corrected: 'EFAULT',
    },
    {
      name: 'a slice of isize::MAX + 1 bytes',
      run: (w) => userBytes(AT).getAsSlice(w.aspace, 2n ** 63n),
      axptr: LAYOUT_ERROR,
      corrected: 'EFAULT',
    },
    {
      name: 'a slice of isize::MAX bytes',
      run: (w) => userBytes(AT).getAsSlice(w.aspace, 2n ** 63n - 1n),
      ...same('EFAULT'),
    },
    {
      name: 'string in the very last page of the address space',
      run: (w) => stringAt(w, 2n ** 64n - 8n),
      axptr: OVERFLOW,
      corrected: 'EFAULT',
    },
    {
      name: 'terminator is the last byte of the last mapped page',
      run: (w) => [w.map(AT, 1), put(w, AT + PAGE - 4n, 'abc'), stringAt(w, AT + PAGE - 4n)][2],
      ...same('abc'),
    },
    {
      name: 'string runs into a hole',
      run: (w) => [w.map(AT, 1), put(w, AT + PAGE - 4n, 'abcd'), stringAt(w, AT + PAGE - 4n)],
      ...same('EFAULT'),
    },
    {
      name: 'string runs into an area without READ',
      run: (w) => [
        w.map(AT, 1),
        w.map(AT + PAGE, 1, NONE),
        put(w, AT + PAGE - 4n, 'abcd'),
        stringAt(w, AT + PAGE - 4n),
      ],
      ...same('EFAULT'),
    },
    { name: 'string in a write-only area', run: (w) => [w.map(AT, 1, WO), stringAt(w, AT)], ...same('EFAULT') },
    ...[U16, U32, U64].map((layout) => ({
      name: `misaligned u${layout.size * 8}`,
      run: (w: World) => [w.map(AT, 1), new UserConstPtr<number | bigint>(AT + 1n, layout as never).get(w.aspace)],
      ...same('EFAULT'),
    })),
    {
      name: 'misaligned null-terminated u32',
      run: (w) => [w.map(AT, 1), new UserConstPtr(AT + 2n, U32).getAsNullTerminated(w.aspace)],
      ...same('EFAULT'),
    },
    {
      name: 'range over two adjacent areas that both allow it',
      run: (w) =>
        [
          w.map(AT, 1),
          w.map(AT + PAGE, 1, RO),
          userConstBytes(AT + PAGE - 2n)
            .getAsSlice(w.aspace, 4)
            .bytes(),
        ][2],
      ...same(new Uint8Array(4)),
    },
    {
      name: 'range over two areas with a gap',
      run: (w) => [w.map(AT, 1), w.map(AT + 2n * PAGE, 1), userConstBytes(AT).getAsSlice(w.aspace, 3n * PAGE)],
      ...same('EFAULT'),
    },
    {
      name: 'range of which the second area forbids it',
      run: (w) => [w.map(AT, 1), w.map(AT + PAGE, 1, RO), userBytes(AT + PAGE - 2n).getAsSlice(w.aspace, 4)],
      ...same('EFAULT'),
    },
    {
      name: 'UserPtr on a read-only area',
      run: (w) => [w.map(AT, 1, RO), userBytes(AT).get(w.aspace)],
      ...same('EFAULT'),
    },
    {
      name: 'UserPtr on a write-only area',
      run: (w) => [w.map(AT, 1, WO), userBytes(AT).get(w.aspace)],
      ...same('EFAULT'),
    },
    {
      name: 'UserConstPtr on a write-only area',
      run: (w) => [w.map(AT, 1, WO), userConstBytes(AT).get(w.aspace)],
      ...same('EFAULT'),
    },
    {
      name: 'string on pages not yet faulted in: faults, resolved, flag true',
      run: (w) =>
        [
          w.map(AT, 1, RO, {
            kind: 'image',
            backing: { kind: 'image', file: Uint8Array.of(104, 105, 0), offset: 0, length: 3, bus: false },
          }),
          stringAt(w, AT),
          w.handled.map(({ nested, flag, outcome }) => [nested, flag, outcome.kind]),
        ].slice(1),
      ...same(['hi', [[true, true, 'resolved']]]),
    },
    {
      name: 'page unmapped after get returned: load',
      run: (w) => {
        w.map(AT, 1);
        const reference = new UserConstPtr(AT, U64).get(w.aspace);
        w.space.unmap(AT, PAGE);
        return reference.load();
      },
      axptr: kernelBug('load from', AT),
      corrected: 'EFAULT',
    },
    {
      name: 'page unmapped between check and access',
      options: {},
      run: (w) => {
        w.map(AT, 2);
        w.memory.afterCheck = (start, size) => {
          expect([start, size]).toEqual([AT + PAGE - 8n, 16n]);
          w.space.unmap(AT + PAGE, PAGE);
        };
        const slice = userBytes(AT + PAGE - 8n).getAsSlice(w.aspace, 16);
        return slice.writeFrom(new Uint8Array(16).fill(1));
      },
      axptr: kernelBug('store to', AT + PAGE),
      corrected: 8,
    },
    {
      name: 'string unmapped after its scan',
      run: (w) => {
        w.map(AT, 1);
        put(w, AT, 'abc');
        const string = userConstBytes(AT).getAsNullTerminated(w.aspace);
        w.space.unmap(AT, PAGE);
        return string.bytes();
      },
      axptr: kernelBug('load from', AT),
      corrected: 'EFAULT',
    },
    {
      name: 'string unmapped between the check of its page and the scan',
      run: (w) => {
        w.map(AT, 1);
        put(w, AT, 'abc');
        w.memory.afterCheck = () => w.space.unmap(AT, PAGE);
        return stringAt(w, AT);
      },
      axptr: 'ended: SIGSEGV SEGV_MAPERR',
      corrected: 'EFAULT',
    },
    {
      name: 'write through get to a copy-on-write page',
      run: (w) => {
        w.map(AT, 1);
        put(w, AT, [7]);
        const child = w.space.fork();
        userBytes(AT).get(w.aspace).store(8);
        return [w.load(AT, 1), w.load(AT, 1, w.hart, child)];
      },
      axptr: kernelBug('store to', AT),
      corrected: [8n, 7n],
    },
    { name: 'invalid UTF-8', run: (w) => [w.map(AT, 1), put(w, AT, [0xc0, 0x80]), stringAt(w, AT)], ...same('EILSEQ') },
    {
      name: 'UTF-8 cut short by the terminator',
      run: (w) => [w.map(AT, 1), put(w, AT, [0xe2, 0x82]), stringAt(w, AT)],
      ...same('EILSEQ'),
    },
    {
      name: 'valid UTF-8',
      run: (w) => [w.map(AT, 1), put(w, AT, [0xe2, 0x82, 0xac]), stringAt(w, AT)][2],
      ...same('€'),
    },
    {
      name: 'a fault that cannot be resolved while the flag is set',
      run: (w) => {
        w.map(AT, 1);
        w.memory.frames.limit = w.memory.frames.used;
        return stringAt(w, AT);
      },
      axptr: 'ended: SIGSEGV SEGV_MAPERR',
      corrected: 'EFAULT',
    },
    {
      name: 'population without memory',
      run: (w) => {
        w.map(AT, 1);
        w.memory.frames.limit = w.memory.frames.used;
        return userBytes(AT).get(w.aspace);
      },
      ...same('ENOMEM'),
    },
  ]);

  cases('a mapped file of 5000 bytes', [
    ...[
      ['its last page', 1n, new Uint8Array(4)],
      ['past its end', 2n, 'EFAULT'],
    ].map(([name, page, expected]) => ({
      name: `${name}`,
      run: (w: World) => {
        const backing = { kind: 'image' as const, file: new Uint8Array(5000), offset: 0, length: 5000, bus: true };
        w.map(AT, 3, RO, { kind: 'image', backing });
        // Cut in two, the parts know as before where the file ends.
        w.space.protect(AT + PAGE, 2n * PAGE, RX);
        return userConstBytes(AT + (page as bigint) * PAGE)
          .getAsSlice(w.aspace, 4)
          .bytes();
      },
      ...same(expected),
    })),
  ]);

  cases('null-terminated', [
    {
      name: 'the length leaves the terminator out',
      run: (w) => [w.map(AT, 1), put(w, AT, 'abc'), userConstBytes(AT).getAsNullTerminated(w.aspace).length][2],
      ...same(3),
    },
    {
      name: 'elements of four bytes',
      run: (w) =>
        [
          w.map(AT, 1),
          put(w, AT, [1, 0, 0, 0, 0, 1, 0, 0]),
          new UserConstPtr(AT, U32).getAsNullTerminated(w.aspace).length,
        ][2],
      ...same(2),
    },
    {
      name: 'a mutable one asks for WRITE on every page',
      run: (w) => [
        w.map(AT, 1),
        w.map(AT + PAGE, 1, RO),
        put(w, AT + PAGE - 1n, 'a'),
        userBytes(AT + PAGE - 1n).getAsNullTerminated(w.aspace),
      ],
      ...same('EFAULT'),
    },
    {
      name: 'across a page',
      run: (w) => [w.map(AT, 2), put(w, AT + PAGE - 2n, 'abcd'), stringAt(w, AT + PAGE - 2n)][2],
      ...same('abcd'),
    },
    {
      name: 'the limit: that many before the terminator',
      run: (w) => [w.map(AT, 1), put(w, AT, 'abcd'), stringAt(w, AT, 4)],
      axptr: [AT, undefined, 'abcd'],
      corrected: 'ENAMETOOLONG',
    },
    { name: 'one less', run: (w) => [w.map(AT, 1), put(w, AT, 'abc'), stringAt(w, AT, 4)][2], ...same('abc') },
    {
      name: 'the limit comes before a hole behind it',
      run: (w) => [w.map(AT, 1), put(w, AT + PAGE - 4n, 'abcd'), stringAt(w, AT + PAGE - 4n, 4)],
      axptr: 'EFAULT',
      corrected: 'ENAMETOOLONG',
    },
    {
      name: 'elements that do not divide a page are read across unchecked',
      // 4096 = 12 × 341 + 4: the last element lies on both pages, and the second forbids reading.
      run: (w) => [
        w.map(AT, 1),
        w.map(AT + PAGE, 1, WO),
        put(w, AT + PAGE - 4n, [1]),
        w.store(AT + PAGE + 8n, 0n),
        new UserConstPtr(AT + PAGE - 4n, bytes(12)).getAsNullTerminated(w.aspace).length,
      ],
      axptr: 'EFAULT',
      corrected: 'EINVAL',
    },
    {
      name: 'an element that a shifted start lays across a page is checked on both',
      run: (w) =>
        [
          w.map(AT, 1),
          w.map(AT + PAGE, 1, WO),
          w.store(AT),
          new UserConstPtr(AT + PAGE - 1n, bytes(2)).getAsNullTerminated(w.aspace).length,
        ][3],
      axptr: 0,
      corrected: 'EFAULT',
    },
    {
      name: 'a lock-backed provider: a fault in the scan',
      run: (w) => [w.map(AT, 1), userConstBytes(AT).getAsStr(new LockingProvider(w.hart, w.space))][1],
      axptr: 'panic: fault taken with the address-space lock held',
      corrected: '',
    },
    {
      name: 'a lock-backed provider: no fault',
      run: (w) =>
        [
          w.map(AT, 1),
          put(w, AT, 'abc'),
          userConstBytes(AT).getAsStr(new LockingProvider(w.hart, w.space)),
          w.space.locked,
        ].slice(2),
      ...same(['abc', false]),
    },
  ]);

  cases('get, load and store', [
    {
      name: 'a structure, with C’s padding',
      run: (w) => {
        const layout = struct<{ a: number; b: bigint; c: number }>({ a: U8, b: U64, c: U16 });
        w.map(AT, 1);
        new UserPtr(AT, layout).get(w.aspace).store({ a: 1, b: 2n, c: 3 });
        return [
          layout.size,
          layout.align,
          w.load(AT),
          w.load(AT + 8n),
          w.load(AT + 16n),
          new UserConstPtr(AT, layout).get(w.aspace).load(),
        ];
      },
      ...same([24, 8, 1n, 2n, 3n, { a: 1, b: 2n, c: 3 }]),
    },
    {
      name: 'signed scalars',
      run: (w) =>
        [
          w.map(AT, 1),
          new UserPtr(AT, I32).get(w.aspace).store(-2),
          new UserPtr(AT + 8n, I64).get(w.aspace).store(-3n),
          new UserConstPtr(AT, I32).get(w.aspace).load(),
          new UserConstPtr(AT + 8n, I64).get(w.aspace).load(),
        ].slice(3),
      ...same([-2, -3n]),
    },
    {
      name: 'cast keeps the address',
      run: (w) =>
        [
          w.map(AT, 1),
          new UserPtr(AT, U64).get(w.aspace).store(0x0102n),
          userBytes(AT).cast(U16).get(w.aspace).load(),
        ][2],
      ...same(0x0102),
    },
    {
      name: 'isNull and nullable',
      run: () => [
        userBytes(0n).isNull,
        userBytes(0n).nullable(),
        userBytes(1n).nullable()?.address,
        userBytes(2n ** 64n).isNull,
      ],
      ...same([true, undefined, 1n, true]),
    },
    {
      name: 'get populates: the access itself does not fault',
      run: (w) =>
        [
          w.map(AT, 2),
          userBytes(AT + PAGE - 4n)
            .getAsSlice(w.aspace, 8)
            .writeFrom(new Uint8Array(8)),
          w.handled.length,
        ].slice(1),
      ...same([8, 0]),
    },
    {
      name: 'a page that was only read, written through get',
      run: (w) => [w.map(AT, 1), w.load(AT), userBytes(AT).get(w.aspace).store(5), w.load(AT, 1)][3],
      ...same(5n),
    },
    {
      name: 'a slice is cut to its length',
      run: (w) =>
        [w.map(AT, 1), userBytes(AT).getAsSlice(w.aspace, 3).writeFrom(new Uint8Array(9).fill(1)), w.load(AT)].slice(1),
      ...same([3, 0x01_0101n]),
    },
    {
      name: 'a stack that has not grown yet',
      run: (w) => {
        w.space.mapStack(0x8000n);
        const bottom = w.memory.layout.stackTop - 0x8000n;
        return [
          userBytes(bottom - 100n)
            .getAsSlice(w.aspace, 200)
            .writeFrom(new Uint8Array(200).fill(1)),
          w.load(bottom - 100n, 1),
        ];
      },
      axptr: 'EFAULT',
      corrected: [200, 1n],
    },
    {
      name: 'a stack that may not grow so far',
      run: (w) => {
        w.space.mapStack(0x8000n);
        return userBytes(w.memory.layout.stackTop - 0x80_0001n).getAsSlice(w.aspace, 200);
      },
      ...same('EFAULT'),
    },
  ]);

  describe('the flag', () => {
    it('axptr clears it after a nested access, corrected restores it', () => {
      for (const uaccess of ['axptr', 'corrected'] as const) {
        const w = make({ uaccess });
        const seen: boolean[] = [];
        const look = () => seen.push(isAccessingUserMemory(w.memory, w.hart));
        look();
        accessUserMemory(w.memory, w.hart, () => {
          look();
          accessUserMemory(w.memory, w.hart, look);
          look();
        });
        look();
        expect(seen).toEqual([false, true, true, uaccess === 'corrected', false]);
      }
    });

    it('axptr leaves it set where the closure does not return, corrected clears it', () => {
      for (const uaccess of ['axptr', 'corrected'] as const) {
        const w = make({ uaccess });
        w.outcome(() => stringAt(w, HOLE));
        expect(isAccessingUserMemory(w.memory, w.hart)).toBe(uaccess === 'axptr');
      }
    });

    it('is one for each CPU', () => {
      const w = make({ harts: 2 });
      accessUserMemory(w.memory, w.machine.harts[1], () => {
        expect(w.memory.userAccess).toEqual([false, true]);
      });
    });

    it('axptr keeps user memory open throughout kernel mode, corrected only inside', () => {
      for (const uaccess of ['axptr', 'corrected'] as const) {
        const w = make({ uaccess });
        const open = () => isOpen(w);
        w.map(AT, 1);
        expect(open()).toBe(uaccess === 'axptr');
        accessUserMemory(w.memory, w.hart, () => expect(open()).toBe(true));
        stringAt(w, AT);
        expect(open()).toBe(uaccess === 'axptr');
      }
    });
  });
});
