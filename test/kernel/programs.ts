import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { KernelOptions } from '../../kernel/index.ts';
import { parseElf, TARGETS, targetOfElf } from '../../machine/index.ts';
import { boot, finish } from './boot.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-linux-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = new Map<string, string>();

/** What tools call a target. */
export const toolName = (target: string): string => target.replace('-', '_');

/** The target whose Linux programs this computer runs itself. */
const NATIVE = process.platform === 'linux' && process.arch === 'x64' ? 'x86-64' : undefined;

/** What builds Linux programs of each target, and who runs them beside our kernel: the host where it can, or qemu. */
export const LINUX = TARGETS.map(({ name: target }) => {
  const name = toolName(target);
  const emulators = target === NATIVE ? [] : [`qemu-${name}`];
  return {
    ...{ target, gcc: `${name}-linux-gnu-gcc`, gxx: `${name}-linux-gnu-g++` },
    /** The tool that it takes to run one, or none. */
    emulators,
    outsider: emulators[0] ?? 'the host',
  };
});

/** Compiles a program, once a name and target. */
export function build(
  target: string,
  name: string,
  source: string,
  compiler: string,
  flags: readonly string[],
): string {
  const known = built.get(`${target} ${name}`);
  if (known) return known;
  mkdirSync(join(folder, target), { recursive: true });
  const file = join(folder, target, `${name}.${compiler.endsWith('++') ? 'cc' : 'c'}`);
  const program = join(folder, target, name);
  writeFileSync(file, source);
  execFileSync(compiler, [
    '-O2',
    '-w',
    ...flags,
    '-o',
    program,
    file,
    ...(compiler.startsWith('clang') ? [] : ['-lm']),
  ]);
  built.set(`${target} ${name}`, program);
  return program;
}

export interface Seen {
  readonly status: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Under our kernel. */
export function here(
  program: string,
  args: readonly string[],
  stdin: string,
  options: Partial<KernelOptions> = {},
): Seen {
  const booted = boot(parseElf(readFileSync(program)), {
    argv: [program, ...args],
    stdin,
    memory: 64 << 20,
    ...options,
  });
  const result = finish(booted);
  return { status: result.kind === 'exited' ? result.status : undefined, out: booted.out[1], err: booted.out[2] };
}

/** On the host itself, or under qemu's user mode for the program's target, on the host's files; killed after a minute. */
export function outside(program: string, args: readonly string[], stdin: string): Seen {
  const name = targetOfElf(parseElf(readFileSync(program)).machine)?.name;
  const command = [...(LINUX.find(({ target }) => target === name)?.emulators ?? []), program, ...args];
  const run = spawnSync(command[0], command.slice(1), {
    ...{ input: stdin, encoding: 'latin1', env: {}, timeout: 60_000, killSignal: 'SIGKILL' },
    // Where it may leave a core.
    cwd: folder,
  });
  const { status, signal, stdout, stderr } = run;
  const SIGNALS: Record<string, number> = { SIGABRT: 134, SIGSEGV: 139, SIGILL: 132, SIGFPE: 136, SIGTRAP: 133 };
  // What the emulator itself says of a fatal signal is not the program's.
  const err = stderr.replace(/^qemu: .*\n?/gm, '');
  return { status: status ?? SIGNALS[signal ?? ''], out: stdout, err };
}

/** The headers that most programs want. */
export const HEAD =
  '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/wait.h>\n';
