import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import { TIME_SLICE } from '../../kernel/task/scheduler.ts';
import { STEPS_PER_TICK } from '../../machine/index.ts';
import { assembly, boot, finish, program } from './boot.ts';

describe.each(ARCHES.map(({ isa }) => assembly(isa)))('scheduling on $isa.name', ({ isa, ...asm }) => {
  const { call, jump, syscall } = asm;
  const CLONE = syscall('clone', 17, 0, 0, 0, 0);
  const WAIT = syscall('wait4', -1, 0, 0, 0);
  const exit = (status: number) => syscall('exit_group', status);
  const run = (words: readonly number[]) => program(words, undefined, isa);

  /** Forks; the child runs `child`, the parent `parent`. */
  function forked(child: number[], parent: number[]): number[] {
    return [...CLONE, ...asm.ifChild(parent.length), ...parent, ...child];
  }

  it('a loop that never calls the kernel is preempted: the parent gets to end', () => {
    const spin = [jump(0)];
    // The parent yields once, so the child runs first and would for ever.
    const booted = boot(run(forked(spin, [...syscall('sched_yield'), ...exit(5)])), { record: true });
    expect(finish(booted, 10_000_000)).toMatchObject({ kind: 'exited', status: 5 });
    const switches = booted.flows.filter(({ kind }) => kind === 'interrupt');
    expect(switches).toHaveLength(1);
    expect(switches[0]).toMatchObject({
      process: 2,
      outcome: { kind: 'rescheduled' },
    });
    const slice = Number(TIME_SLICE) * STEPS_PER_TICK;
    expect(booted.kernel.machine.instructions).toBeGreaterThan(slice);
    expect(booted.kernel.machine.instructions).toBeLessThan(slice + 1000);
  });

  it('two loops on two harts both run; on one they take turns', () => {
    const both = run(forked([jump(0)], [jump(0)]));
    for (const harts of [1, 2]) {
      const booted = boot(both, { harts, record: true });
      expect(finish(booted, 6_000_000).kind).toBe('running');
      const ran = new Set(
        booted.flows.filter(({ kind }) => kind === 'interrupt').map(({ process, hart }) => `${process} on ${hart}`),
      );
      expect([...ran].sort()).toEqual(harts === 1 ? ['1 on 0', '2 on 0'] : ['1 on 0', '2 on 1']);
    }
  });

  it('kill ends a process that runs on another hart', () => {
    // The parent gives the child's hart time to take it up, then kills it by number and waits.
    const parent = [...asm.delay(2000), ...syscall('kill', 2, 9), ...WAIT, call];
    const booted = boot(run(forked([jump(0)], [...parent, ...exit(3)])), { harts: 2, record: true });
    expect(finish(booted, 1_000_000)).toMatchObject({ kind: 'exited', status: 3 });
    expect(booted.flows).toContainEqual(
      expect.objectContaining({
        process: 2,
        hart: 1,
        kind: 'interrupt',
        outcome: { kind: 'signal', signal: 'SIGKILL', code: 'SI_USER', address: 0n, exit: 137 },
      }),
    );
  });

  it('an orphan goes to the first process', () => {
    // The child forks a grandchild and ends; the first process waits for both.
    const grandchild = exit(1);
    const child = [...CLONE, ...asm.ifChild(exit(2).length), ...exit(2), ...grandchild];
    const booted = boot(run(forked(child, [...WAIT, ...WAIT, ...WAIT, ...exit(7)])), { record: true });
    expect(finish(booted, 1_000_000)).toMatchObject({ kind: 'exited', status: 7 });
    const waits = booted.flows.filter(({ call, outcome }) => call?.name === 'wait4' && outcome.kind !== 'blocked');
    expect(waits.map(({ outcome }) => (outcome.kind === 'returned' ? outcome.value : outcome.kind)).sort()).toEqual([
      2n,
      3n,
      'errno',
    ]);
  });

  it('all frames come back when a process has ended', () => {
    const booted = boot(run(forked(exit(1), [...WAIT, jump(0)])), { record: true });
    finish(booted, 10_000);
    const { state } = booted.kernel as unknown as { state: { memory: { frames: { used: number } } } };
    const once = state.memory.frames.used;
    const again = boot(run(forked(exit(1), [...WAIT, ...forked(exit(1), [...WAIT, jump(0)])])));
    finish(again, 10_000);
    const other = again.kernel as unknown as { state: { memory: { frames: { used: number } } } };
    expect(other.state.memory.frames.used).toBe(once);
  });

  it('harts that have nothing to do wait, and count no instructions', () => {
    const booted = boot(run([...asm.delay(1000), ...exit(0)]), { harts: 8 });
    finish(booted);
    expect(booted.kernel.machine.harts.slice(1).map(({ instructions }) => instructions)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});
