import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { targetNamed } from '../../machine/index.ts';
import { describeWith } from '../toolchain.ts';
import { GUESTS, guestRows, runBare } from './guest.ts';

// Not `timer`, whose interrupts pass by the GIC here while that is off, nor `tohost`, which qemu does not watch.
const MACHINE = '-M virt -cpu max -nic none -display none -monitor none -serial stdio -semihosting'.split(' ');

describeWith(['qemu-system-aarch64'], 'bare-metal guests print and end as under qemu-system-aarch64', () => {
  const isa = targetNamed('aarch64')!;
  it.each(['bare/hello', 'bare/fail', 'bare/pages'])('%s', (name) => {
    const { status, stdout } = spawnSync(
      'qemu-system-aarch64',
      [...MACHINE, '-kernel', join(GUESTS, 'bin/aarch64', name)],
      { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    );
    const { end, output } = runBare(isa, guestRows().find((row) => row.name === name)!);
    expect(output).toBe(stdout);
    expect(end.kind === 'exited' || end.kind === 'failed' ? end.status : end.kind).toBe(status);
  });
});
