import { describe, expect, it } from 'vitest';
import * as kernel from '../../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../../kernel/mm/user-access.ts';
import { targetNamed } from '../../../../machine/index.ts';
import { AT, RW, RX, World, XO } from '../../mm/world.ts';

const isa = targetNamed('x86-64')!;

describe('CR4.SMAP (SDM vol. 3A, 4.6.1)', () => {
  const touch = (w: World, closed: boolean) =>
    w.outcome(() =>
      accessUserMemory(w.memory, w.hart, () => {
        if (closed) w.memory.arch.setUserAccess(w.hart, false);
        return kernel.load(w.memory, w.hart, AT, 8);
      }),
    );

  it('a fault of the kernel on a user page with AC clear is a kernel bug, whatever the flag says', () => {
    const w = new World({ isa });
    w.map(AT, 1);
    w.store(AT, 5n);
    expect(touch(w, false)).toBe(5n);
    const panic = 'panic: page fault in the kernel, to which user memory is closed: load from 100000';
    expect(touch(w, true)).toBe(panic);
  });

  it('a page that is not there yet faults for that, AC or not; AC is judged when it is there', () => {
    const w = new World({ isa });
    w.map(AT, 1);
    expect(touch(w, true)).toContain('to which user memory is closed');
    expect(w.handled.map(({ outcome }) => outcome.kind)).toEqual(['resolved', 'panic']);
  });

  it.each([
    ['r-x', RX],
    ['--x, which is readable here', XO],
  ])('it keeps the kernel out of executable pages too: %s', (_name, rights) => {
    const w = new World({ isa });
    w.map(AT, 1, rights);
    w.fetch(AT);
    expect(w.outcome(() => kernel.load(w.memory, w.hart, AT, 8))).toContain('without the user-access flag');
    w.memory.userAccess[0] = true;
    expect(w.outcome(() => kernel.load(w.memory, w.hart, AT, 8))).toContain('to which user memory is closed');
  });
});

describe('addresses that are not canonical (fault-handler.md: #GP, never #PF)', () => {
  const FAR = 0x1234_5678_9abc_def0n;

  it('EFAULT for the kernel under the flag, a panic without it', () => {
    const w = new World({ isa });
    const read = () => kernel.load(w.memory, w.hart, FAR, 8);
    expect(w.outcome(() => accessUserMemory(w.memory, w.hart, read))).toBe('EFAULT');
    expect(w.last.info).toMatchObject({ address: 0n, corrected: { hard: 'access fault' } });
    expect(w.outcome(read)).toContain('without the user-access flag');
  });

  it('under axptr the task is killed', () => {
    const w = new World({ isa, uaccess: 'axptr' });
    const read = () => kernel.load(w.memory, w.hart, FAR, 8);
    expect(w.outcome(() => accessUserMemory(w.memory, w.hart, read))).toBe('ended: SIGSEGV SI_KERNEL');
  });
});

describe('protection keys (SDM vol. 3A, 4.6.2)', () => {
  const DENY_KEY_1 = 0x5555_5554n;

  it('a key that forbids is SEGV_PKUERR for the user, EFAULT for the kernel, and cured by nothing', () => {
    const w = new World({ isa });
    w.map(AT, 1);
    w.store(AT, 5n);
    w.space.protect(AT, 4096n, RW, 1);
    expect(w.store(AT)).toBe('SIGSEGV SEGV_PKUERR');
    expect(w.last).toMatchObject({ info: { reason: 'ProtectionViolation', corrected: { hard: 'protection key' } } });
    expect(w.lastSteps()).toEqual(['signal: delivered']);
    isa.writeSystem(w.hart, 'pkru', DENY_KEY_1);
    expect(w.outcome(() => accessUserMemory(w.memory, w.hart, () => kernel.load(w.memory, w.hart, AT, 8)))).toBe(
      'EFAULT',
    );
  });

  it('the key goes with copies of the page, and comes with pages that are first touched later', () => {
    const w = new World({ isa });
    w.map(AT, 2);
    w.store(AT, 5n);
    w.space.protect(AT, 8192n, RW, 1);
    const child = w.space.fork();
    const key = (space: typeof child, at: bigint) => {
      const view = space.table.lookup(at)?.view;
      return view?.kind === 'leaf' ? (view.key ?? 0) : undefined;
    };
    expect([key(w.space, AT), key(child, AT)]).toEqual([1, 1]);
    expect(w.store(AT + 4096n)).toBe('SIGSEGV SEGV_PKUERR');
    expect(key(w.space, AT + 4096n)).toBe(1);
    child.destroy();
  });

  it('areas of different keys stay apart', () => {
    const w = new World({ isa });
    w.map(AT, 2);
    w.space.protect(AT, 4096n, RW, 3);
    expect([w.space.find(AT)?.key, w.space.find(AT + 4096n)?.key]).toEqual([3, 0]);
    w.space.protect(AT, 4096n, RW, 0);
    expect(w.space.areas.list).toHaveLength(1);
  });
});

describe('the user range (user-access.md, The address space underneath)', () => {
  it('leaves the last page out, of 5-level paging too; under axptr it ends at 0x7fff_ffff_f000', () => {
    const layouts = new World({ isa }).memory.arch.modes.map(({ layout }) => layout);
    expect(layouts.map(({ userEnd, userEndAxptr }) => userEndAxptr ?? userEnd)).toEqual([
      0x7fff_ffff_f000n,
      0x7fff_ffff_f000n,
    ]);
    expect(layouts[1].userEnd).toBe(0xff_ffff_ffff_f000n);
  });
});
