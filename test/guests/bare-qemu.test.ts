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

// Not `tohost`, which qemu does not watch. QEMU's exit port has no way to say 0, which is a pass here.
const PC = [
  ...'-cpu max -nic none -display none -monitor none -serial stdio'.split(' '),
  ...'-device isa-debug-exit,iobase=0xf4,iosize=4'.split(' '),
];

describeWith(['qemu-system-x86_64'], 'bare-metal guests print and end as under qemu-system-x86_64', () => {
  const isa = targetNamed('x86-64')!;
  it.each(['bare/hello', 'bare/fail', 'bare/timer', 'bare/pages'])('%s', (name) => {
    const { status, stdout } = spawnSync('qemu-system-x86_64', [...PC, '-kernel', join(GUESTS, 'bin/x86-64', name)], {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    const { end, output } = runBare(isa, guestRows().find((row) => row.name === name)!);
    expect(output).toBe(stdout);
    expect(end.kind === 'exited' || end.kind === 'failed' ? end.status || 1 : end.kind).toBe(status);
  });
});
