import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { TARGETS } from '../../machine/index.ts';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The command as it was built; test/build.ts builds it before any test runs. */
export const CLI = join(ROOT, 'dist/faultline.js');

/** Every target's name, the default first. */
export const TARGET_NAMES = TARGETS.map(({ name }) => name);

/** The path of a built-in guest's ELF file. */
export const guest = (name: string, target = TARGET_NAMES[0]) => join(ROOT, 'guest/bin', target, name);

export interface Result {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end. Without `stdin` its input is empty. */
export function faultline(args: readonly string[], stdin: string | Uint8Array = ''): Result {
  const { status, stdout, stderr }: SpawnSyncReturns<Buffer> = spawnSync('node', [CLI, ...args], {
    input: stdin,
    env: { PATH: process.env.PATH },
    maxBuffer: 1 << 28,
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  return { status, out: stdout.toString(), err: stderr.toString() };
}

/** Starts the command, its three streams open as pipes. */
export const start = (args: readonly string[]) => spawn('node', [CLI, ...args], { env: { PATH: process.env.PATH } });

/** Waits until a run that was started has opened its trace file, and a little longer, so that signals reach the run. */
export async function untilRunning(trace: string): Promise<void> {
  for (let i = 0; i < 1200 && !existsSync(trace); i++) await sleep(50);
  await sleep(200);
}

/** A folder for a test file, gone after it. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
