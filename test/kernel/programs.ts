import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { KernelOptions } from '../../kernel/index.ts';
import { parseElf } from '../../machine/index.ts';
import { boot, finish } from './boot.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-linux-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = new Map<string, string>();

/** Compiles a program, once a name. */
export function build(name: string, source: string, compiler: string, flags: readonly string[]): string {
  const known = built.get(name);
  if (known) return known;
  const file = join(folder, `${name}.${compiler.endsWith('++') ? 'cc' : 'c'}`);
  const program = join(folder, name);
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
  built.set(name, program);
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

/** What a run under qemu-riscv64 may take, in milliseconds, and how often one that took longer is begun again. */
const PATIENCE = 30_000;
const TRIES = 4;

/** Under qemu-riscv64, on the host's own files. */
export function underQemu(program: string, args: readonly string[], stdin: string): Seen {
  let tries = 0;
  let run: SpawnSyncReturns<string>;
  // Its fork is not safe against its own other threads: very rarely the child never runs, and parent or child waits for ever.
  do {
    run = spawnSync('qemu-riscv64', [program, ...args], {
      input: stdin,
      encoding: 'latin1',
      env: {},
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    });
  } while (run.signal === 'SIGKILL' && ++tries < TRIES);
  const { status, signal, stdout, stderr } = run;
  const SIGNALS: Record<string, number> = { SIGABRT: 134, SIGSEGV: 139, SIGILL: 132, SIGFPE: 136, SIGTRAP: 133 };
  // What the emulator itself says of a fatal signal is not the program's.
  const err = stderr.replace(/^qemu: .*\n?/gm, '');
  return { status: status ?? SIGNALS[signal ?? ''], out: stdout, err };
}

/** The headers that most programs want. */
export const HEAD =
  '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/wait.h>\n';
