// A kernel that keeps its translations right: guests run under watch as they run without, and nothing is told.
import { describe, expect, it } from 'vitest';
import { TARGETS, type TlbNotice, targetNamed } from '../../machine/index.ts';
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

const CASES = TARGETS.flatMap((isa) => GUESTS.map((name) => ({ isa, name, on: isa.name })));

describe.each(CASES)('$on: $name', ({ isa, name }) => {
  const run = (watch: boolean) => {
    const { kernel, out } = boot(guest(name, isa), { isa, harts: 2 });
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

/** What comes of copy-on-write where no invalidation reaches the TLB; the manuals differ in what a changed address breaks. */
const LOST: Record<string, string[]> = {
  riscv64: ['stale translation: output address', 'stale translation: rights'],
  aarch64: ['break-before-make: output address', 'stale translation: rights'],
};

it.each(Object.entries(LOST))('%s: a kernel whose invalidations are lost is found out', (name, expected) => {
  const isa = targetNamed(name)!;
  const { kernel } = boot(guest('fork-cow', isa), { isa, harts: 2 });
  const told = new Set<string>();
  for (const hart of kernel.machine.harts) {
    hart.watch = ({ kind, difference }) => told.add(`${kind}: ${difference}`);
    hart.tlb.invalidate = () => 0;
    hart.tlb.invalidatePage = () => 0;
  }
  kernel.run(200_000);
  expect([...told].sort()).toEqual(expected);
});
