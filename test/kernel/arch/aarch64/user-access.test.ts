import { describe, expect, it } from 'vitest';
import * as kernel from '../../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../../kernel/mm/user-access.ts';
import { targetNamed } from '../../../../machine/index.ts';
import { AT, RX, World, XO } from '../../mm/world.ts';

const isa = targetNamed('aarch64')!;

describe('PSTATE.PAN (Arm ARM D8.4.3)', () => {
  const touch = (w: World, closed: boolean) =>
    w.outcome(() =>
      accessUserMemory(w.memory, w.hart, () => {
        if (closed) w.memory.arch.setUserAccess(w.hart, false);
        return kernel.load(w.memory, w.hart, AT, 8);
      }),
    );

  it('a permission fault of EL1 on a user page with PAN set is a kernel bug, whatever the flag says', () => {
    const w = new World({ isa });
    w.map(AT, 1);
    w.store(AT, 5n);
    expect(touch(w, false)).toBe(5n);
    const panic = 'panic: page fault in the kernel, to which user memory is closed: load from 100000';
    expect(touch(w, true)).toBe(panic);
  });

  it('a page that is not there yet faults for that, PAN or not; PAN is judged when it is there', () => {
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

describe('the top byte of a user’s address (TCR_EL1.TBI0)', () => {
  it('is ignored by loads and stores, and by the fault handler', () => {
    const w = new World({ isa });
    w.map(AT, 1);
    expect(w.store(AT | (0xabn << 56n), 5n)).toBe('ok');
    expect(w.last.info.address).toBe(AT);
    expect([w.load(AT), w.load(AT | (0x12n << 56n))]).toEqual([5n, 5n]);
  });
});

describe('the user range (user-access.md, The address space underneath)', () => {
  it('ends at 2^48, and under axptr at 0x7fff_ffff_f000', () => {
    const [{ layout }] = new World({ isa }).memory.arch.modes;
    expect([layout.userEnd, layout.userEndAxptr]).toEqual([0x1_0000_0000_0000n, 0x7fff_ffff_f000n]);
  });
});
