// A kernel that keeps its translations right: guests run under watch as they run without, and nothing is told.
import { describe, expect, it } from 'vitest';
import type { TlbNotice } from '../../machine/index.ts';
import { boot, guest } from '../kernel/boot.ts';

/** Guests that fork, share, protect, unmap, grow, and fault in both levels; some on two harts. */
const GUESTS = [
  'fork-cow',
  'demand',
  'mmap',
  'prot-none',
  'brk',
  'stack-growth',
  'user-access',
  'exec-stack',
  'two-harts',
];

describe.each(GUESTS)('%s', (name) => {
  const run = (watch: boolean) => {
    const { kernel, out } = boot(guest(name), { harts: 2 });
    const told: TlbNotice[] = [];
    if (watch) for (const hart of kernel.machine.harts) hart.watch = (notice) => told.push(notice);
    const result = kernel.run(3_000_000);
    const walks = kernel.machine.harts.flatMap((hart) => hart.tlb.entries()).length;
    return { result, out, instructions: kernel.machine.instructions, walks, told };
  };

  it('does the same watched, and nothing is told', () => {
    const watched = run(true);
    expect(watched.told.map(({ kind, difference, address }) => `${kind}: ${difference} ${address}`)).toEqual([]);
    expect(watched).toEqual(run(false));
  });
});
