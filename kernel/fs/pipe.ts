import { LinuxError } from '../abi/errno.ts';
import { type FileStat, S_IFIFO } from '../abi/files.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../abi/poll.ts';
import type { Channel, Direction, FileNode } from './file.ts';

/** Bytes that a pipe holds, and the longest write that is made whole or not at all (pipe(7)). */
export const PIPE_CAPACITY = 65536;
export const PIPE_BUF = 4096;

/** A pipe: one node for both ends. */
export class Pipe implements FileNode, Channel {
  readonly what = 'pipe';
  private readonly inode: number;
  private readonly chunks: Uint8Array[] = [];
  private held = 0;
  private readers = 0;
  private writers = 0;
  changed = false;

  constructor(inode: number) {
    this.inode = inode;
  }

  stat(): FileStat {
    return { mode: S_IFIFO | 0o600, inode: this.inode, links: 1, size: 0, device: [0, 0] };
  }

  peek(max: number): Uint8Array | Channel {
    if (this.held === 0) return this.writers > 0 ? this : new Uint8Array(0);
    const bytes = new Uint8Array(Math.min(max, this.held));
    let done = 0;
    for (const chunk of this.chunks) {
      if (done === bytes.length) break;
      const part = chunk.subarray(0, bytes.length - done);
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  consume(count: number): void {
    this.held -= count;
    for (let left = count; left > 0; ) {
      const first = this.chunks[0];
      if (first.length > left) {
        this.chunks[0] = first.subarray(left);
        left = 0;
      } else {
        this.chunks.shift();
        left -= first.length;
      }
    }
    if (count > 0) this.changed = true;
  }

  write(bytes: Uint8Array): number | Channel {
    if (this.readers === 0) throw new LinuxError('EPIPE');
    if (bytes.length === 0) return 0;
    const room = PIPE_CAPACITY - this.held;
    if (room === 0 || (bytes.length <= PIPE_BUF && bytes.length > room)) return this;
    const part = bytes.slice(0, room);
    this.chunks.push(part);
    this.held += part.length;
    this.changed = true;
    return part.length;
  }

  ready({ readable, writable }: Direction): number {
    let events = 0;
    if (readable) events |= (this.held > 0 ? POLLIN : 0) | (this.writers === 0 ? POLLHUP : 0);
    if (writable) events |= (PIPE_CAPACITY - this.held >= PIPE_BUF ? POLLOUT : 0) | (this.readers === 0 ? POLLERR : 0);
    return events;
  }

  get news(): Channel {
    return this;
  }

  seek(): bigint {
    throw new LinuxError('ESPIPE');
  }

  opened({ readable, writable }: Direction): void {
    if (readable) this.readers++;
    if (writable) this.writers++;
  }

  closed({ readable, writable }: Direction): void {
    if (readable) this.readers--;
    if (writable) this.writers--;
    this.changed = true;
  }
}
