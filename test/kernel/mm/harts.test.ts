import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import * as kernel from '../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../kernel/mm/user-access.ts';
import { AT, NONE, RO, RW, World, type WorldOptions } from './world.ts';

const PAGE = 4096n;

describe.each(ARCHES)('$isa.name', ({ isa }) => {
  const make = (options: WorldOptions = {}) => new World({ isa, ...options });
  describe('what other harts still hold', () => {
    it('after a copy on one hart, the other reads the copy', () => {
      const w = make({ harts: 2 });
      const [first, second] = w.machine.harts;
      w.map(AT, 1);
      w.store(AT, 7n, 8, first);
      const child = w.space.fork();
      expect(w.load(AT, 8, second)).toBe(7n);
      expect(w.store(AT, 8n, 8, first)).toBe('ok');
      expect(w.load(AT, 8, second)).toBe(8n);
      expect(w.load(AT, 8, second, child)).toBe(7n);
    });

    it('a reservation is lost when its frame is given out anew', () => {
      const w = make();
      const { frames } = w.memory;
      const { monitor } = w.machine;
      const frame = frames.allocate();
      monitor.reserve(0, frame << 12n, 8);
      frames.release(frame);
      expect(monitor.holds(0, frame << 12n, 8)).toBe(true);
      expect(frames.allocate()).toBe(frame);
      expect(monitor.holds(0, frame << 12n, 8)).toBe(false);
    });

    it('many pages are invalidated by one fence of the whole space, few one by one', () => {
      for (const [pages, fences] of [
        [31, 31],
        [32, 1],
      ]) {
        const w = make();
        w.map(AT, pages, RW, { populate: true });
        w.memory.changes = [];
        w.space.protect(AT, BigInt(pages) * PAGE, RO);
        expect(w.memory.changes.filter(({ kind }) => kind === 'invalidation')).toHaveLength(fences);
      }
    });
  });

  it('address-space ids skip those in use', () => {
    const w = make();
    const [two, three] = [w.space.fork(), w.space.fork()];
    two.destroy();
    const [again, four] = [w.space.fork(), w.space.fork()];
    expect([w.space.id, three.id, again.id, four.id]).toEqual([1, 3, 2, 4]);
  });

  it('two accesses of the kernel that are each retried once are no livelock', () => {
    const w = make();
    if (w.memory.arch.setsAccessedDirty) return;
    w.map(AT, 1);
    w.store(AT, 5n);
    const clear = () => {
      w.mark(AT, { accessed: false, dirty: false });
      w.space.flush([AT]);
    };
    accessUserMemory(w.memory, w.hart, () => {
      for (let i = 0; i < 3; i++) {
        clear();
        expect(kernel.load(w.memory, w.hart, AT, 8)).toBe(5n);
        clear();
        kernel.store(w.memory, w.hart, AT, 8, 5n);
      }
    });
    expect(w.handled.slice(-6).map(({ steps }) => steps[0].step)).toEqual(Array(6).fill('accessed/dirty'));
  });

  it('a page whose entry could not be written for want of a table comes back with its bytes', () => {
    const w = make();
    w.map(AT, 1);
    w.store(AT, 7n);
    w.space.protect(AT, PAGE, NONE);
    const child = w.space.fork();
    w.memory.frames.limit = w.memory.frames.used;
    expect(w.outcome(() => child.protect(AT, PAGE, RW))).toBe('ENOMEM');
    w.memory.frames.limit = 1024;
    child.protect(AT, PAGE, RW);
    expect(w.load(AT, 8, w.hart, child)).toBe(7n);
    expect(w.store(AT, 8n, 8, w.hart, child)).toBe('ok');
    w.space.protect(AT, PAGE, RW);
    expect(w.load(AT)).toBe(7n);
  });
});
