import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { STACK_LIMIT } from '../../../kernel/mm/address-space.ts';
import * as kernel from '../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../kernel/mm/user-access.ts';
import { AT, NONE, RO, RW, World, type WorldOptions } from './world.ts';

const PAGE = 4096n;
const TEXT = Uint8Array.from({ length: 5000 }, (_, i) => (i % 250) + 1);
const MAPERR = 'SIGSEGV SEGV_MAPERR';
const ACCERR = 'SIGSEGV SEGV_ACCERR';
const TAKEN = 'panic: page fault taken for the kernel’s own';

interface Case {
  readonly name: string;
  readonly options?: WorldOptions;
  readonly run: (w: World) => unknown;
  readonly is: unknown;
  /** What each step of the last fault answered. */
  readonly whys?: readonly string[];
}

describe.each(ARCHES)('$isa.name', ({ isa, modes }) => {
  const make = (options: WorldOptions = {}) => new World({ isa, ...options });
  const [{ layout }] = modes;
  const STACK_TOP = layout.stackTop;
  /** from_riscv calls every fault user mode's; from_aarch64 those of EC 0x24 alone; from_x86_64 those of U/S. */
  const allUser = isa.name === 'riscv64';
  const fetchesToo = isa.name !== 'aarch64';
  const BOTTOM = STACK_TOP - 0x8000n;
  function cases(title: string, table: readonly Case[]): void {
    describe(title, () => {
      it.each(table)('$name', ({ options, run, is, whys }) => {
        const w = make({ policy: 'veridian', megabytes: 20, ...options });
        expect(w.outcome(() => run(w))).toEqual(is);
        if (whys) expect(w.last.steps.map(({ why }) => why)).toEqual(whys);
        w.space.destroy();
      });
    });
  }

  const stacked = (w: World): World => {
    w.space.mapStack(0x8000n);
    return w;
  };
  const kernelLoad = (w: World, address: bigint) => kernel.load(w.memory, w.hart, address, 8);
  const underFlag = <R>(w: World, f: () => R): R => accessUserMemory(w.memory, w.hart, f);

  cases('try_demand_page', [
    {
      name: 'ascending first touches are mapped',
      run: (w) => [w.map(AT, 3), w.load(AT), w.store(AT + PAGE), w.store(AT + 2n * PAGE)].slice(1),
      is: [0n, 'ok', 'ok'],
    },
    {
      name: 'a descending first touch counts as present: the process is killed',
      run: (w) => [w.map(AT, 3), w.store(AT + PAGE), w.load(AT)].slice(1),
      is: ['ok', ACCERR],
      whys: ['InvalidAddress: page 0 of 1 recorded', 'InvalidAddress: not below the stack', 'SIGSEGV (SEGV_ACCERR)'],
    },
    {
      name: 'two pages skipped leave two that can never be touched',
      run: (w) =>
        [
          w.map(AT, 6),
          w.load(AT + 2n * PAGE),
          w.load(AT + 3n * PAGE),
          w.load(AT + 4n * PAGE),
          w.load(AT + PAGE),
          w.load(AT),
        ].slice(1),
      is: [0n, 0n, 0n, ACCERR, ACCERR],
    },
    {
      name: 'entries never fault for accessed or dirty',
      run: (w) => [w.map(AT, 1), w.load(AT), w.store(AT), w.handled.length, w.entry(AT)].slice(1),
      is: [0n, 'ok', 1, 'rwu AD'],
    },
    {
      name: 'a write to a mapping without WRITABLE',
      run: (w) => [w.map(AT, 1, RO), w.store(AT)][1],
      is: ACCERR,
      whys: [
        'PermissionDenied: write to read-only mapping',
        'NotImplemented: copy-on-write page handling',
        'InvalidAddress: not below the stack',
        'SIGSEGV (SEGV_ACCERR)',
      ],
    },
    {
      name: 'execute is not checked: the page is mapped, and the retried fetch kills',
      run: (w) =>
        [w.map(AT, 1), w.fetch(AT), w.handled.map(({ info, outcome }) => [info.reason, outcome.kind])].slice(1),
      is: fetchesToo
        ? [
            ACCERR,
            [
              [allUser ? 'ExecuteNoExecute' : 'NotPresent', 'resolved'],
              ['ExecuteNoExecute', 'signal'],
            ],
          ]
        : [
            `${TAKEN}: fetch from ${AT.toString(16)}`,
            [
              ['NotPresent', 'resolved'],
              ['ProtectionViolation', 'panic'],
            ],
          ],
    },
    {
      name: 'reading is not checked either: PROT_NONE',
      run: (w) => [w.map(AT, 2, NONE), w.load(AT + PAGE), w.handled.length].slice(1),
      is: [ACCERR, 2],
    },
    {
      name: 'no mapping',
      run: (w) => w.load(0x2000n),
      is: MAPERR,
      whys: ['UnmappedMemory', 'InvalidAddress: not below the stack', 'SIGSEGV (SEGV_MAPERR)'],
    },
    {
      name: 'image segments are there from the start, eagerly copied',
      run: (w) =>
        [
          w.map(AT, 2, RW, {
            kind: 'image',
            backing: { kind: 'image', file: TEXT, offset: 0, length: 5000, bus: false },
          }),
          w.store(AT, 9n, 1),
          w.load(AT + PAGE, 1),
          w.handled.length,
        ].slice(1),
      is: ['ok', BigInt((4096 % 250) + 1), 0],
    },
    {
      name: allUser ? 'every fault counts as user mode, the kernel’s too' : 'a data abort from EL1 is the kernel’s',
      run: (w) =>
        [w.map(AT, 1), underFlag(w, () => kernelLoad(w, AT)), w.last.info.wasUserMode, w.last.info.corrected].slice(1),
      is: [0n, allUser, undefined],
    },
    {
      name: 'out of memory is swallowed like any error: SIGSEGV',
      run: (w) => {
        w.map(AT, 1);
        w.memory.frames.limit = w.memory.frames.used;
        return w.load(AT);
      },
      is: ACCERR,
      whys: ['OutOfMemory', 'InvalidAddress: not below the stack', 'SIGSEGV (SEGV_ACCERR)'],
    },
  ]);

  cases('fork strips WRITE', [
    ...(['parent', 'child'] as const).map((side) => ({
      name: `the first write of the ${side} afterwards kills`,
      run: (w: World) => {
        w.map(AT, 1);
        w.store(AT, 7n);
        const child = w.space.fork();
        const result = [w.load(AT, 8, w.hart, child), w.store(AT, 8n, 8, w.hart, side === 'child' ? child : w.space)];
        child.destroy();
        return result;
      },
      is: [7n, ACCERR],
      whys: [
        'InvalidAddress: page 0 of 1 recorded',
        'NotImplemented: copy-on-write page handling',
        'InvalidAddress: not below the stack',
        'SIGSEGV (SEGV_ACCERR)',
      ],
    })),
    {
      name: 'a page above those recorded is refused too, as mapped already, and keeps its bytes',
      run: (w) => {
        w.map(AT, 3);
        w.store(AT + 2n * PAGE, 7n);
        const child = w.space.fork();
        const result = [w.store(AT + 2n * PAGE, 8n), w.last.steps[0].why, w.load(AT + 2n * PAGE)];
        child.destroy();
        return result;
      },
      is: [ACCERR, 'InvalidAddress: the page is mapped already', 7n],
    },
    {
      name: 'a stale translation is not retried',
      options: { harts: 2 },
      run: (w) => {
        const [, other] = w.machine.harts;
        w.map(AT, 1, RO);
        w.load(AT, 8, other);
        w.space.activeHarts.delete(other.id);
        w.space.protect(AT, PAGE, RW);
        return w.store(AT, 3n, 8, other);
      },
      is: ACCERR,
    },
  ]);

  cases('try_stack_growth', [
    {
      name: 'maps every page from the old bottom to the fault at once',
      run: (w) => [
        stacked(w).store(BOTTOM - 5n * PAGE),
        w.space.stackSize,
        w.space.find(BOTTOM)?.pages.size,
        w.handled.length,
      ],
      is: ['ok', 0x8000n + 5n * PAGE, 8 + 5, 1],
      whys: ['UnmappedMemory', 'NotImplemented: copy-on-write page handling', '5 pages mapped below the stack'],
    },
    { name: 'exactly 8 MiB below the bottom', run: (w) => stacked(w).load(BOTTOM - STACK_LIMIT), is: 0n },
    { name: 'one byte more', run: (w) => stacked(w).load(BOTTOM - STACK_LIMIT - 1n, 1), is: MAPERR },
    {
      name: 'the limit moves down with each growth and never ends',
      run: (w) =>
        [stacked(w).load(BOTTOM - STACK_LIMIT), w.load(BOTTOM - 2n * STACK_LIMIT), w.space.stackSize].slice(0),
      is: [0n, 0n, 0x8000n + 2n * STACK_LIMIT],
    },
    {
      name: fetchesToo ? 'a fetch grows it' : 'a fetch counts as the kernel’s, which does not grow it',
      run: (w) => [stacked(w).fetch(BOTTOM - PAGE), w.handled[0].outcome.kind, w.space.stackSize],
      is: fetchesToo
        ? [ACCERR, 'resolved', 0x9000n]
        : [`${TAKEN}: fetch from ${(BOTTOM - PAGE).toString(16)}`, 'panic', 0x8000n],
    },
    {
      name: 'no guard: it comes to lie against the mapping below',
      run: (w) => [stacked(w).map(BOTTOM - 2n * PAGE, 1), w.store(BOTTOM - PAGE)][1],
      is: 'ok',
    },
    {
      name: 'no check of other mappings: it grows through one that is not resident',
      run: (w) =>
        [stacked(w).map(BOTTOM - 3n * PAGE, 1, RO), w.store(BOTTOM - 5n * PAGE), w.store(BOTTOM - 3n * PAGE)].slice(1),
      is: ['ok', 'ok'],
    },
    {
      name: 'a page that is mapped already stops it half-way',
      run: (w) =>
        [
          stacked(w).map(BOTTOM - 3n * PAGE, 1),
          w.store(BOTTOM - 3n * PAGE),
          w.store(BOTTOM - 5n * PAGE),
          w.entry(BOTTOM - PAGE),
          w.entry(BOTTOM - 5n * PAGE),
        ].slice(1),
      is: ['ok', MAPERR, 'rwu AD', ''],
    },
    {
      name: allUser ? 'the kernel grows it: the fault counts as user mode' : 'the kernel does not grow it',
      run: (w) => [underFlag(stacked(w), () => kernelLoad(w, BOTTOM - 8n)), w.last.nested],
      is: allUser ? [0n, true] : 'EFAULT',
    },
    {
      name: 'out of memory half-way is swallowed; what was mapped stays',
      run: (w) => {
        stacked(w);
        w.memory.frames.limit = w.memory.frames.used + 3;
        return [w.store(BOTTOM - 6n * PAGE), w.last.steps[2].why, w.space.stackSize];
      },
      is: [MAPERR, 'OutOfMemory', 0x8000n],
    },
  ]);

  cases('signal_segv and the user-access flag', [
    {
      name: 'under the flag, corrected user pointers: EFAULT',
      run: (w) => underFlag(w, () => kernelLoad(w, 0x2000n)),
      is: 'EFAULT',
    },
    {
      name: 'under the flag, axptr: the task is killed',
      options: { uaccess: 'axptr' },
      run: (w) => underFlag(w, () => kernelLoad(w, 0x2000n)),
      is: `ended: ${MAPERR}`,
    },
    {
      name: 'without the flag: panic, though a page could be had',
      run: (w) => [w.map(AT, 1), kernelLoad(w, AT)],
      is: `panic: page fault in the kernel without the user-access flag: load from ${AT.toString(16)}`,
    },
    { name: 'a kernel address from user mode', run: (w) => w.load(layout.directMap + isa.ramBase), is: MAPERR },
  ]);
});
