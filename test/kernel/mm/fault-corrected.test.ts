import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { STACK_LIMIT } from '../../../kernel/mm/address-space.ts';
import * as kernel from '../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../kernel/mm/user-access.ts';
import { populateArea } from '../../../kernel/mm/user-region.ts';
import { AT, NONE, RO, RW, RX, WO, World, type WorldOptions, XO } from './world.ts';

const PAGE = 4096n;
const HOLE = 0x2000n;
const TEXT = Uint8Array.from({ length: 5000 }, (_, i) => (i % 250) + 1);

interface Case {
  readonly name: string;
  readonly options?: WorldOptions;
  readonly run: (w: World) => unknown;
  readonly is: unknown;
  /** The steps of the last fault. */
  readonly steps?: readonly string[];
}

/** What is each target's own: a bit that makes an entry reserved, how two kinds of access end, and what is left of a stale translation. */
const OWN: Readonly<
  Record<string, { reserved: bigint; executeOnly: unknown; nothingThere: unknown[]; stale: number }>
> = {
  riscv64: {
    reserved: 1n << 60n,
    executeOnly: 'SIGSEGV SEGV_ACCERR',
    nothingThere: ['SIGSEGV SEGV_ACCERR', 'access fault', ['signal: delivered']],
    stale: 1,
  },
  // Bit 1 clear is a block, which the last level has not. What user mode may execute it may read.
  aarch64: {
    reserved: 1n << 1n,
    executeOnly: 0n,
    nothingThere: ['SIGBUS BUS_OBJERR', 'access fault', ['signal: delivered']],
    stale: 1,
  },
  'x86-64': {
    reserved: 1n << 45n,
    executeOnly: 0n,
    // #GP says nothing of memory: no fault handler sees it.
    // The bus answers with ones where nothing else does.
    nothingThere: [(1n << 64n) - 1n, undefined, ['demand paging: resolved']],
    // A page fault itself drops the entry (SDM vol. 3A, 4.10.4.1).
    stale: 0,
  },
};

describe.each(ARCHES)('$isa.name', ({ isa, modes }) => {
  const make = (options: WorldOptions = {}) => new World({ isa, ...options });
  const [{ layout }] = modes;
  const own = OWN[isa.name];
  const KERNEL = layout.directMap + isa.ramBase;
  function cases(title: string, table: readonly Case[]): void {
    describe(title, () => {
      it.each(table)('$name', ({ options, run, is, steps }) => {
        const w = make(options);
        expect(w.outcome(() => run(w))).toEqual(is);
        if (steps) expect(w.lastSteps()).toEqual(steps);
        expect(w.memory.userAccess.every((flag) => !flag)).toBe(true);
        w.space.destroy();
      });
    });
  }

  const MAPERR = 'SIGSEGV SEGV_MAPERR';
  const ACCERR = 'SIGSEGV SEGV_ACCERR';
  const image = (rights = RW, bus = false) => ({
    kind: 'image' as const,
    name: 'data',
    rights,
    backing: { kind: 'image' as const, file: TEXT, offset: 0, length: TEXT.length, bus },
  });
  const kernelLoad = (w: World, address: bigint, size = 8) => kernel.load(w.memory, w.hart, address, size);
  const underFlag = <R>(w: World, f: () => R): R => accessUserMemory(w.memory, w.hart, f);
  /** Gives a page rights behind the areas' back, as if a translation had been written for it elsewhere. */
  const poke = (w: World, address: bigint, entry: (bits: bigint) => bigint) => {
    const found = w.space.table.lookup(address);
    if (!found) throw new Error('no entry');
    w.memory.physical.writeWord(found.address, entry(found.bits));
  };

  cases('demand paging', [
    {
      name: 'a zeroed frame, accessed but not dirty after a read',
      run: (w) => [w.map(AT, 1), w.load(AT + 8n), w.entry(AT)],
      is: [AT, 0n, 'rwu A'],
      steps: ['demand paging: resolved'],
    },
    { name: 'dirty at once after a write', run: (w) => [w.map(AT, 1), w.store(AT), w.entry(AT)][2], is: 'rwu AD' },
    {
      name: 'only the page touched becomes resident',
      run: (w) => [w.map(AT, 4), w.store(AT + 2n * PAGE), w.space.find(AT)?.pages.size][2],
      is: 1,
    },
    {
      name: 'a misaligned store across two absent pages faults twice and writes both',
      run: (w) =>
        [w.map(AT, 2), w.store(AT + PAGE - 3n, 0x1122_3344_5566_7788n), w.handled.length, w.load(AT + PAGE, 4)].slice(
          1,
        ),
      is: ['ok', 2, 0x2233_4455n],
    },
    {
      name: 'an image page holds the file’s bytes',
      run: (w) =>
        [w.map(AT, 2, RO, image(RO)), w.load(AT + 4n, 1), w.load(AT + PAGE, 1), w.last.steps[0].changes[0].kind].slice(
          1,
        ),
      is: [5n, BigInt((4096 % 250) + 1), 'frame'],
    },
    {
      name: 'zeroes behind the file’s last byte',
      run: (w) =>
        [w.map(AT, 2, RO, image(RO)), w.load(AT + 4999n, 1), w.load(AT + 5000n, 1), w.load(AT + 8191n, 1)].slice(1),
      is: [BigInt((4999 % 250) + 1), 0n, 0n],
    },
    {
      name: 'a write to a private image page leaves the file as it was',
      run: (w) => [w.map(AT, 2, RW, image()), w.store(AT, 0xffn, 1), w.load(AT, 1), TEXT[0]].slice(1),
      is: ['ok', 0xffn, 1],
    },
    {
      name: 'past the end of a mapped file: SIGBUS',
      run: (w) =>
        [w.map(AT, 3, RO, image(RO, true)), w.load(AT + 2n * PAGE - 1n, 1), w.load(AT + 2n * PAGE, 1)].slice(1),
      is: [0n, 'SIGBUS BUS_ADRERR'],
    },
    {
      name: 'execute is checked: a fetch from a page that may not be executed',
      run: (w) => [w.map(AT, 1), w.fetch(AT)][1],
      is: ACCERR,
      steps: ['demand paging: refused', 'signal: delivered'],
    },
    { name: 'a fetch from one that may', run: (w) => [w.map(AT, 1, RX), w.fetch(AT)][1], is: 'ok' },
    {
      name: 'a load from an execute-only page',
      run: (w) => [w.map(AT, 1, XO), w.fetch(AT), w.load(AT)].slice(1),
      is: ['ok', own.executeOnly],
    },
    {
      name: 'a load from a write-only page succeeds',
      run: (w) => [w.map(AT, 1, WO), w.load(AT), w.entry(AT)].slice(1),
      is: [0n, 'rwu A'],
    },
    {
      name: 'a write to a read-only area',
      run: (w) => [w.map(AT, 1, RO), w.store(AT)][1],
      is: ACCERR,
      steps: ['demand paging: refused', 'signal: delivered'],
    },
    {
      name: 'anything to a PROT_NONE area',
      run: (w) => [w.map(AT, 1, NONE), w.load(AT), w.store(AT), w.fetch(AT)].slice(1),
      is: [ACCERR, ACCERR, ACCERR],
    },
    {
      name: 'the range is looked up again after the frame was allocated',
      run: (w) => {
        w.map(AT, 1);
        const { frames } = w.memory;
        const allocate = frames.allocate.bind(frames);
        frames.allocate = () => {
          const frame = allocate();
          frames.allocate = allocate;
          w.space.unmap(AT, PAGE);
          return frame;
        };
        const used = frames.used;
        return [w.load(AT), frames.used - used, w.entry(AT)];
      },
      is: [MAPERR, 0, ''],
      steps: ['demand paging: refused', 'stack growth: refused', 'signal: delivered'],
    },
    {
      name: 'afterwards the entry must allow the access',
      run: (w) => {
        w.map(AT, 1);
        const { frames } = w.memory;
        const allocate = frames.allocate.bind(frames);
        frames.allocate = () => {
          frames.allocate = allocate;
          w.space.protect(AT, PAGE, NONE);
          return allocate();
        };
        return [w.load(AT), w.last.steps[0].why];
      },
      is: [ACCERR, 'the new entry does not allow the access: absent'],
      steps: ['demand paging: refused', 'signal: delivered'],
    },
  ]);

  cases('copy-on-write', [
    {
      name: 'more than one reference: copied, and both sides keep their own bytes',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        const child = w.space.fork();
        const before = w.memory.frames.copied;
        const result = [w.entry(AT), w.entry(AT, child), w.store(AT, 8n), w.load(AT), w.load(AT, 8, w.hart, child)];
        const steps = w.handled.map(({ steps }) => steps.map(({ step }) => step));
        const copied = w.memory.frames.copied - before;
        child.destroy();
        return [...result, copied, steps[steps.length - 1]];
      },
      is: ['ru AD', 'ru AD', 'ok', 8n, 7n, 1, ['copy-on-write']],
    },
    {
      name: 'one reference left: made writable in place',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        const child = w.space.fork();
        const frame = w.space.frameAt(AT);
        w.store(AT, 8n, 8, w.hart, child);
        const before = w.memory.frames.copied;
        const result = [w.store(AT, 9n), w.memory.frames.copied - before, w.space.frameAt(AT) === frame];
        child.destroy();
        return result;
      },
      is: ['ok', 0, true],
      steps: ['copy-on-write: resolved'],
    },
    {
      name: 'three generations: references 4, 3, 2, 1',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 1n);
        const spaces = [w.space, w.space.fork()];
        spaces.push(spaces[1].fork());
        spaces.push(spaces[2].fork());
        const frame = w.space.frameAt(AT) as bigint;
        const counts = [w.memory.frames.references(frame)];
        for (const i of [2, 0, 3]) {
          w.store(AT, BigInt(10 + i), 8, w.hart, spaces[i]);
          counts.push(w.memory.frames.references(frame));
        }
        const before = w.memory.frames.copied;
        w.store(AT, 11n, 8, w.hart, spaces[1]);
        const values = spaces.map((space) => w.load(AT, 8, w.hart, space));
        for (const space of spaces.slice(1)) space.destroy();
        return [counts, w.memory.frames.copied - before, values];
      },
      is: [[4, 3, 2, 1], 0, [10n, 11n, 12n, 13n]],
    },
    {
      name: 'fork, mprotect to read-only and back, write: still copied',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        const child = w.space.fork();
        w.space.protect(AT, PAGE, RO);
        w.space.protect(AT, PAGE, RW);
        const result = [w.entry(AT), w.store(AT, 8n), w.load(AT, 8, w.hart, child)];
        child.destroy();
        return result;
      },
      is: ['ru AD', 'ok', 7n],
    },
    {
      name: 'PROT_NONE before fork, rights given back in the child: the bytes are there',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        w.space.protect(AT, PAGE, NONE);
        const child = w.space.fork();
        child.protect(AT, PAGE, RW);
        const result = [w.load(AT), w.load(AT, 8, w.hart, child), w.store(AT, 9n, 8, w.hart, child)];
        w.space.protect(AT, PAGE, RW);
        const parent = w.load(AT);
        child.destroy();
        return [...result, parent];
      },
      is: [ACCERR, 7n, 'ok', 7n],
    },
    {
      name: 'a store across a shared and an absent page copies one and zeroes the other',
      run: (w) => {
        w.map(AT, 2);
        w.store(AT, 7n);
        const child = w.space.fork();
        const result = [
          w.store(AT + PAGE - 4n, 0x1_0000_0002n),
          w.load(AT + PAGE, 4),
          w.load(AT + PAGE - 4n, 4, w.hart, child),
        ];
        child.destroy();
        return result;
      },
      is: ['ok', 1n, 0n],
    },
    {
      name: 'a shared area is not copied: the other side sees the store',
      run: (w) => {
        w.map(AT, 1, RW, { shared: true });
        const child = w.space.fork();
        const result = [w.store(AT, 5n), w.load(AT, 8, w.hart, child)];
        child.destroy();
        return result;
      },
      is: ['ok', 5n],
    },
    {
      name: 'a present page of an area that is not writable is refused',
      run: (w) => [w.map(AT, 1, RO), w.load(AT), w.store(AT), w.last.steps[0].why].slice(1),
      is: [0n, ACCERR, 'area is not writable'],
      steps: ['copy-on-write: refused', 'signal: delivered'],
    },
    {
      name: 'a present page never demand-pages: fetch',
      run: (w) => [w.map(AT, 1), w.load(AT), w.fetch(AT), w.last.info.reason].slice(1),
      is: [0n, ACCERR, 'ExecuteNoExecute'],
      steps: ['signal: delivered'],
    },
  ]);

  // Where the walker always sets them itself nothing of this comes.
  if (!new World({ isa }).memory.arch.setsAccessedDirty)
    cases('first: accessed and dirty set by the kernel', [
      {
        name: 'dirty clear: set, invalidated, retried',
        run: (w) => [w.map(AT, 1), w.load(AT), w.store(AT), w.entry(AT), w.last.info.corrected?.class].slice(1),
        is: [0n, 'ok', 'rwu AD', 'accessed or dirty clear'],
        steps: ['accessed/dirty: resolved'],
      },
      {
        name: 'accessed clear: a load sets it alone',
        run: (w) => {
          w.map(AT, 1);
          w.store(AT);
          w.mark(AT, { accessed: false, dirty: false });
          w.space.flush([AT]);
          return [w.load(AT), w.entry(AT)];
        },
        is: [1n, 'rwu A'],
        steps: ['accessed/dirty: resolved'],
      },
      {
        name: 'the same hart, pc and address again right after a retry: livelock, killed',
        run: (w) => {
          w.map(AT, 1);
          w.store(AT);
          w.memory.retries[0] = { pc: 0x1_0000n, address: AT, retired: w.hart.retired };
          w.mark(AT, { accessed: true, dirty: false });
          w.space.flush([AT]);
          return [w.store(AT), w.last.steps[0].why];
        },
        is: ['SIGKILL SI_KERNEL', 'livelock: the same fault came again right after a retry'],
        steps: ['accessed/dirty: refused', 'signal: delivered'],
      },
    ]);

  cases('first: stale translations, livelock', [
    {
      name: 'the hardware sets them itself',
      options: { hardwareAd: true },
      run: (w) => [w.map(AT, 1), w.load(AT), w.store(AT), w.handled.length, w.entry(AT)].slice(1),
      is: [0n, 'ok', 1, 'rwu AD'],
    },
    {
      name: 'a stale translation on another hart: invalidated there and retried',
      options: { harts: 2 },
      run: (w) => {
        const [, other] = w.machine.harts;
        w.map(AT, 1, RO);
        w.load(AT, 8, other);
        // The rights grow without that hart being told, as if its invalidation were still on the way.
        w.space.activeHarts.delete(other.id);
        w.space.protect(AT, PAGE, RW);
        w.mark(AT, { accessed: true, dirty: true });
        return [w.store(AT, 3n, 8, other), w.last.info.corrected?.class, w.last.steps[0].changes];
      },
      is: ['ok', 'allowed now', [{ kind: 'invalidation', hart: 1, address: AT, asid: 1, dropped: own.stale }]],
      steps: ['retry: resolved'],
    },
    {
      name: 'after an instruction retired it is no livelock',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT);
        w.memory.retries[0] = { pc: 0x1_0000n, address: AT, retired: w.hart.retired - 1 };
        poke(w, AT, (bits) => bits & ~0x80n);
        w.space.flush([AT]);
        return w.store(AT);
      },
      is: 'ok',
    },
    {
      name: 'an entry with reserved bits goes straight to the signal',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT);
        poke(w, AT, (bits) => bits ^ own.reserved);
        w.space.flush([AT]);
        const result = [w.load(AT), w.last.info.corrected?.hard];
        poke(w, AT, (bits) => bits ^ own.reserved);
        return result;
      },
      is: [ACCERR, 'reserved bits'],
      steps: ['signal: delivered'],
    },
  ]);

  /** The bottom of a stack of 32 KiB, and the lowest address that it may reach. */
  const STACK_TOP = layout.stackTop;
  const BOTTOM = STACK_TOP - 0x8000n;
  const LOWEST = STACK_TOP - STACK_LIMIT;
  const stacked = (w: World): World => {
    w.space.mapStack(0x8000n);
    return w;
  };

  cases('stack growth', [
    {
      name: 'one byte below grows by a page',
      run: (w) => [stacked(w).store(BOTTOM - 1n, 1n, 1), w.space.find(BOTTOM)?.start],
      is: ['ok', BOTTOM - PAGE],
      steps: ['demand paging: refused', 'stack growth: resolved', 'demand paging: resolved'],
    },
    {
      name: 'far below extends the area and pages in only the page touched',
      run: (w) => [stacked(w).load(BOTTOM - 0x10_0000n), w.space.find(BOTTOM)?.pages.size],
      is: [0n, 1],
    },
    { name: 'the lowest page of the limit', run: (w) => stacked(w).store(LOWEST), is: 'ok' },
    { name: 'one byte below the limit', run: (w) => stacked(w).store(LOWEST - 1n, 1n, 1), is: MAPERR },
    {
      name: 'the limit does not move with growth',
      run: (w) => [stacked(w).store(LOWEST), w.store(LOWEST - PAGE)],
      is: ['ok', MAPERR],
    },
    {
      name: 'a fetch never grows',
      run: (w) => stacked(w).fetch(BOTTOM - 2n),
      is: MAPERR,
      steps: ['demand paging: refused', 'stack growth: refused', 'signal: delivered'],
    },
    {
      name: 'a guard gap of one page is kept to the next mapping',
      run: (w) =>
        [stacked(w).map(BOTTOM - 4n * PAGE, 1), w.store(BOTTOM - 2n * PAGE), w.store(BOTTOM - 3n * PAGE)].slice(1),
      is: ['ok', MAPERR],
    },
    {
      name: 'the mapping that stands in the way is still usable',
      run: (w) =>
        [stacked(w).map(BOTTOM - 4n * PAGE, 1), w.store(BOTTOM - 4n * PAGE, 3n), w.load(BOTTOM - 4n * PAGE)].slice(1),
      is: ['ok', 3n],
    },
    {
      name: 'below another mapping nothing grows',
      run: (w) => [stacked(w).map(BOTTOM - 4n * PAGE, 1), w.store(BOTTOM - 5n * PAGE)][1],
      is: MAPERR,
    },
    {
      name: 'a kernel access under the flag grows it',
      run: (w) => [underFlag(stacked(w), () => kernelLoad(w, BOTTOM - 8n)), w.last.nested, w.last.flag],
      is: [0n, true, true],
      steps: ['demand paging: refused', 'stack growth: resolved', 'demand paging: resolved'],
    },
    {
      name: 'a store across the old bottom',
      run: (w) => [stacked(w).store(BOTTOM - 4n, 0x1_0000_0002n), w.load(BOTTOM, 4), w.load(BOTTOM - 4n, 4)],
      is: ['ok', 1n, 2n],
    },
  ]);

  cases('signals', [
    {
      name: 'no area',
      run: (w) => [w.load(HOLE), w.last.outcome],
      is: [MAPERR, { kind: 'signal', signal: 'SIGSEGV', code: 'SEGV_MAPERR', address: HOLE }],
    },
    { name: 'null', run: (w) => w.store(0n), is: MAPERR },
    { name: 'a jump to null', run: (w) => w.fetch(0n), is: MAPERR },
    {
      name: 'a kernel address, mapped: read',
      run: (w) => [w.load(KERNEL), w.last.info.reason],
      is: [MAPERR, 'UserModeKernelAccess'],
    },
    {
      name: 'a kernel address, mapped: written',
      run: (w) => w.store(KERNEL),
      is: MAPERR,
      steps: ['copy-on-write: refused', 'signal: delivered'],
    },
    {
      name: 'the gate, executed',
      run: (w) => [w.fetch(w.memory.accessGate), w.last.info.reason],
      is: [MAPERR, 'UserModeKernelAccess'],
    },
    { name: 'an address that is not canonical', run: (w) => w.load(layout.userEnd), is: MAPERR },
    { name: 'the last address of all', run: (w) => w.load(2n ** 64n - 1n, 1), is: MAPERR },
    {
      name: 'the address is that of the part that faulted',
      run: (w) =>
        [w.map(AT, 1), w.load(AT), w.load(AT + PAGE - 3n), w.last.info.address, w.last.info.corrected?.size].slice(2),
      is: [MAPERR, AT + PAGE, 5],
    },
    {
      name: 'a page under the area’s rights whose frame answers nothing: access fault',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT);
        const saved = w.space.table.lookup(AT)?.bits ?? 0n;
        poke(w, AT, () =>
          w.memory.format.leaf(0x7000_0n, RW, { accessed: true, dirty: true, global: false, level: 0 }),
        );
        w.space.flush([AT]);
        const result = [w.load(AT), w.last.info.corrected?.hard, w.lastSteps()];
        poke(w, AT, () => saved);
        return result;
      },
      is: own.nothingThere,
    },
  ]);

  cases('kernel accesses', [
    {
      name: 'without the flag, absent page of an area: panic',
      run: (w) => [w.map(AT, 1), kernelLoad(w, AT)][1],
      is: `panic: page fault in the kernel without the user-access flag: load from ${AT.toString(16)}`,
    },
    {
      name: 'without the flag, a resident page: user memory is closed, panic',
      run: (w) => [w.map(AT, 1), w.store(AT), kernelLoad(w, AT)][2],
      is: `panic: page fault in the kernel without the user-access flag: load from ${AT.toString(16)}`,
    },
    {
      name: 'kernel memory needs no flag',
      run: (w) => [w.memory.physical.zero((isa.ramBase >> 12n) + 0x300n), kernelLoad(w, KERNEL + 0x30_0000n)][1],
      is: 0n,
    },
    {
      name: 'under the flag, a hole: EFAULT',
      run: (w) => underFlag(w, () => kernelLoad(w, HOLE)),
      is: 'EFAULT',
      steps: ['demand paging: refused', 'stack growth: refused', 'signal: refused'],
    },
    {
      name: 'under the flag, an absent page: resolved',
      run: (w) => [w.map(AT, 1), underFlag(w, () => kernelLoad(w, AT)), w.last.info.wasUserMode].slice(1),
      is: [0n, false],
    },
    {
      name: 'under the flag, a write to a read-only area: EFAULT, the bytes as they were',
      run: (w) => {
        w.map(AT, 1, RO);
        w.load(AT);
        return [w.outcome(() => underFlag(w, () => kernel.store(w.memory, w.hart, AT, 8, 5n))), w.load(AT)];
      },
      is: ['EFAULT', 0n],
    },
    {
      name: 'under the flag, copy-on-write',
      run: (w) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        const child = w.space.fork();
        underFlag(w, () => kernel.store(w.memory, w.hart, AT, 8, 8n));
        const result = [w.load(AT), w.load(AT, 8, w.hart, child)];
        child.destroy();
        return result;
      },
      is: [8n, 7n],
    },
    {
      name: 'with the address-space lock held: panic, said as what it is',
      run: (w) => {
        w.map(AT, 1);
        w.space.locked = true;
        return underFlag(w, () => kernelLoad(w, AT));
      },
      is: 'panic: fault taken with the address-space lock held',
    },
    {
      name: 'under the flag, past the end of a mapped file: EFAULT',
      run: (w) => [w.map(AT, 3, RO, image(RO, true)), underFlag(w, () => kernelLoad(w, AT + 2n * PAGE))],
      is: 'EFAULT',
    },
  ]);

  /** Every number of free frames, from none to enough, at which something is tried: none of them may leave a frame behind. */
  describe('out of memory at each allocation', () => {
    const scenarios: readonly {
      name: string;
      prepare(w: World): void;
      run(w: World): unknown;
      fails: unknown;
      ok: unknown;
    }[] = [
      { name: 'user load', prepare: (w) => w.map(AT, 1), run: (w) => w.load(AT), fails: 'SIGKILL SI_KERNEL', ok: 0n },
      {
        name: 'user store to a shared page',
        prepare: (w) => {
          w.map(AT, 1);
          w.store(AT);
          w.space.fork();
        },
        run: (w) => w.store(AT),
        fails: 'SIGKILL SI_KERNEL',
        ok: 'ok',
      },
      {
        name: 'stack growth',
        prepare: (w) => stacked(w),
        run: (w) => w.store(LOWEST),
        fails: 'SIGKILL SI_KERNEL',
        ok: 'ok',
      },
      {
        name: 'kernel load under the flag',
        prepare: (w) => w.map(AT, 1),
        run: (w) => underFlag(w, () => kernelLoad(w, AT)),
        fails: 'EFAULT',
        ok: 0n,
      },
      {
        name: 'populate',
        prepare: (w) => w.map(AT, 4),
        run: (w) => populateArea(w.space, AT, 4n * PAGE),
        fails: 'ENOMEM',
        ok: undefined,
      },
      {
        name: 'mmap with MAP_POPULATE',
        prepare: () => {},
        run: (w) => w.map(AT, 3, RW, { populate: true }),
        fails: 'ENOMEM',
        ok: AT,
      },
      {
        name: 'fork',
        prepare: (w) => {
          w.map(AT, 1);
          w.store(AT);
          stacked(w).store(LOWEST);
        },
        run: (w) => w.space.fork() && w.entry(AT),
        fails: 'ENOMEM',
        ok: 'ru AD',
      },
    ];
    it.each(scenarios)('$name', ({ prepare, run, fails, ok }) => {
      for (let spare = 0; ; spare++) {
        const w = make();
        const { frames } = w.memory;
        prepare(w);
        const used = frames.used;
        const residents = w.space.areas.list.map((area) => area.pages.size);
        frames.limit = used + spare;
        const result = w.outcome(() => run(w));
        frames.limit = 1024;
        if (result === ok) {
          expect(spare).toBeGreaterThan(0);
          break;
        }
        expect({ spare, result }).toEqual({ spare, result: fails });
        expect(spare).toBeLessThan(12);
        // Tables made on the way may stay; pages may not have come half-way, but for populate's, which stay mapped.
        if (fails !== 'ENOMEM') expect(w.space.areas.list.map((area) => area.pages.size)).toEqual(residents);
        expect(
          w.outcome(() => run(w)),
          'again with memory',
        ).toEqual(ok);
        w.space.destroy();
      }
    });

    it('gives everything back at the end', () => {
      const w = make();
      const before = w.memory.frames.used;
      const child = w.space.fork();
      child.map({ ...image(RW), shared: false, length: 8192n, place: { how: 'hint', address: 0n }, populate: true });
      const grandchild = child.fork();
      child.destroy();
      grandchild.destroy();
      expect(w.memory.frames.used).toBe(before);
    });
  });
});
