import { fstatSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { UserError } from './errors.ts';

/** The project's folder, from its sources and from dist/ alike. */
export const ROOT = new URL('..', import.meta.url);

/** Thrown when whoever read our output has gone: the command ends without a word. */
export class OutputClosed extends Error {}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all bytes to a file descriptor of ours, in order with everything else that is written to it. */
export function write(fd: number, data: Uint8Array | string): void {
  let bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Its reader has gone, or the terminal was hung up.
      if (code === 'EPIPE' || code === 'EIO') throw new OutputClosed();
      if (code !== 'EAGAIN')
        throw new UserError(`${fd === 1 ? 'standard output' : 'standard error'}: ${fileWords(error)}`);
      // A pipe that another process made non-blocking, and that is full.
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

/** One line on stderr. */
export const say = (line: string) => write(2, `faultline: ${line}\n`);

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is no directory',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left',
};

/** What a failed file operation has to say, in words. */
export function fileWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && WORDS[code]) ?? code ?? message;
}

/** The bytes of a file that the user named. */
export function readUserFile(path: string): Uint8Array {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UserError(`${path}: is a directory`);
    if (!stat.isFile()) throw new UserError(`${path}: not a regular file`);
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: ${fileWords(error)}`);
  }
}

/** What a guest's standard streams are connected to. */
export interface Streams {
  output(fd: 1 | 2, bytes: Uint8Array): void;
  /** What has come, or that none has yet, or that no more will. */
  readonly read: () => Uint8Array | 'wait' | 'end';
  /** The guest asked and got nothing yet; whoever runs it clears this to learn whether it still asks. */
  asked: boolean;
  /** A person may type: the guest's other processes go on meanwhile. */
  readonly interactive: boolean;
}

/**
 * Our own standard streams, for a guest. Input is read when the guest first asks: a file on the spot, so that a run with
 * the same input is the same run; pipes and terminals are waited for.
 */
export class StandardStreams implements Streams {
  readonly interactive = isatty(0);
  readonly output = write;
  asked = false;
  private readonly queue: Uint8Array[] = [];
  private ended = false;
  private started = false;
  private wake: (() => void) | undefined;

  readonly read = (): Uint8Array | 'wait' | 'end' => {
    this.start();
    const next = this.queue.shift() ?? (this.ended ? 'end' : 'wait');
    this.asked = next === 'wait';
    return next;
  };

  /** Resolves when `read` has news, or when `stop` is called. */
  arrival(): Promise<void> {
    if (this.queue.length > 0 || this.ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** Lets go of a wait, and of the process, which would otherwise live as long as its input. */
  stop(): void {
    this.ended = true;
    this.woken();
    if (this.started && !this.isFile()) process.stdin.destroy();
  }

  private start(): void {
    if (this.started) return;
    this.started = true;
    if (this.isFile()) {
      const buffer = new Uint8Array(65536);
      for (let got = readSync(0, buffer); got > 0; got = readSync(0, buffer)) this.queue.push(buffer.slice(0, got));
      this.ended = true;
      return;
    }
    process.stdin.on('data', (chunk: Buffer) => {
      this.queue.push(new Uint8Array(chunk));
      this.woken();
    });
    const end = () => {
      this.ended = true;
      this.woken();
    };
    process.stdin.on('end', end);
    process.stdin.on('error', end);
  }

  private isFile(): boolean {
    try {
      return fstatSync(0).isFile();
    } catch {
      return false;
    }
  }

  private woken(): void {
    this.wake?.();
    this.wake = undefined;
  }
}

/** Ctrl-C and termination, noticed between slices of a run. A second one ends the process at once. */
export class Interrupts {
  /** The signal's number, once there was one. */
  signal: number | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor(onSignal: () => void) {
    for (const [name, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      const noticed = () => {
        if (this.signal !== undefined) process.exit(128 + number);
        this.signal = number;
        onSignal();
      };
      process.on(name, noticed);
      this.listeners.push(() => process.removeListener(name, noticed));
    }
  }

  /** Signals do what they usually do from now on. */
  release(): void {
    for (const remove of this.listeners) remove();
  }
}

/** Lets signals and input arrive. */
export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
