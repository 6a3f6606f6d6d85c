import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import type { KernelOptions } from '../../kernel/index.ts';
import type { Saved } from '../../machine/index.ts';
import { type Booted, bare, boot, finish, guest } from './boot.ts';

/** Through text and back, as a snapshot in a file goes. */
function throughText(saved: Saved): Saved {
  const text = JSON.stringify(saved, (_, value: unknown) =>
    typeof value === 'bigint'
      ? { bigint: value.toString() }
      : value instanceof Uint8Array
        ? { bytes: Buffer.from(value).toString('base64') }
        : value,
  );
  return JSON.parse(text, (_, value) =>
    typeof value?.bigint === 'string'
      ? BigInt(value.bigint)
      : typeof value?.bytes === 'string'
        ? new Uint8Array(Buffer.from(value.bytes, 'base64'))
        : value,
  ) as Saved;
}

/** Everything that can be seen of the rest of a run. */
function rest(booted: Booted): unknown {
  const result = finish(booted);
  return { result, out: booted.out, flows: booted.flows, instructions: booted.kernel.machine.instructions };
}

const TEN = Array.from({ length: 10 }, (_, i) => i);

describe.each(ARCHES)('save and restore on $isa.name: the rest of a run is the same', ({ isa, modes }) => {
  it.each<[name: string, options: Partial<KernelOptions> & { stdin?: string }]>([
    ['hello', {}],
    ['demand', {}],
    ['fork-cow', {}],
    ['fork-cow', { ad: 'software', harts: 2 }],
    ['two-harts', { harts: 2 }],
    ['stack-growth', {}],
    ['user-access', { testHooks: true, stdin: 'some input\n' }],
    ['mmap', { mmu: modes[1].format.mode }],
    ['prot-none', {}],
    ['demand', { policy: 'veridian' }],
    ['echo', { stdin: 'echo this\n' }],
  ])('%s %o', (name, options) => {
    const image = guest(name, isa);
    const total = boot(image, options);
    finish(total);
    const length = total.kernel.machine.instructions;
    for (const i of TEN) {
      const steps = Math.floor((length * (2 * i + 1)) / 20);
      const original = boot(image, { ...options, record: true });
      original.kernel.run(steps);
      const { stdin: _, ...machine } = options;
      const copy = bare({ ...machine, isa, record: true });
      if (options.stdin !== undefined) {
        // The host's input goes on where the saved kernel had read up to.
        const unread = original.unread();
        if (unread !== '') copy.feed(unread);
        copy.end();
      }
      copy.kernel.restore(throughText(original.kernel.save()));
      const before = { 1: original.out[1].length, 2: original.out[2].length };
      original.flows.length = 0;
      const expected = rest(original) as { out: { 1: string; 2: string } };
      expected.out = { 1: original.out[1].slice(before[1]), 2: original.out[2].slice(before[2]) };
      expect(rest(copy), `after ${steps} of ${length} steps`).toEqual(expected);
    }
  });

  it('a process that waits for input takes up the wait', () => {
    const original = boot(guest('echo', isa));
    expect(finish(original)).toEqual({ kind: 'waiting for input' });
    const copy = bare({ isa });
    copy.kernel.restore(throughText(original.kernel.save()));
    expect(finish(copy)).toEqual({ kind: 'waiting for input' });
    copy.feed('late\n');
    copy.end();
    expect(finish(copy)).toMatchObject({ kind: 'exited', status: 0 });
    expect(copy.out[1]).toBe('late\n');
    expect(original.out[1]).toBe('');
  });

  it('restoring goes back, in the kernel that saved as well', () => {
    const booted = boot(guest('demand', isa));
    booted.kernel.run(1000);
    const saved = booted.kernel.save();
    const at = booted.kernel.machine.instructions;
    const first = finish(booted);
    const out = booted.out[1];
    booted.kernel.restore(saved);
    expect(booted.kernel.machine.instructions).toBe(at);
    expect(finish(booted)).toEqual(first);
    expect(booted.out[1].endsWith(out.slice(-20))).toBe(true);
  });
});
