import { LinuxError } from '../abi/errno.ts';
import { type FileStat, S_IFIFO } from '../abi/files.ts';
import { POLLHUP, POLLIN, POLLOUT } from '../abi/poll.ts';
import type { Channel, FileNode } from './file.ts';

/** Standard input and output, as the host connects them. */
export interface StandardPorts {
  /** Bytes written to descriptor 1 or 2. */
  output(fd: 1 | 2, bytes: Uint8Array): void;
  /** The next bytes of standard input: some, none yet, or none ever. */
  input(): Uint8Array | 'wait' | 'end';
  /** Input comes from a pipe: whoever waits for it has no time-outs, so that a run follows from what comes, not from when. */
  readonly patient?: boolean;
}

const none = new Uint8Array(0);

/** Standard input: like a pipe whose other end is the host's. */
export class StandardInput implements FileNode, Channel {
  readonly what = 'standard input';
  private readonly ports: StandardPorts;
  private buffer: Uint8Array = none;
  private ended = false;

  constructor(ports: StandardPorts) {
    this.ports = ports;
  }

  /** Asks the host for bytes; whether a read would not block now. */
  poll(): boolean {
    if (this.buffer.length === 0 && !this.ended) {
      const more = this.ports.input();
      if (more === 'end') this.ended = true;
      else if (more !== 'wait') this.buffer = more.slice();
    }
    return this.ended || this.buffer.length > 0;
  }

  stat(): FileStat {
    return { mode: S_IFIFO | 0o600, inode: 1, links: 1, size: 0, device: [0, 0] };
  }

  peek(max: number): Uint8Array | Channel {
    return this.poll() ? this.buffer.subarray(0, max) : this;
  }

  consume(count: number): void {
    this.buffer = this.buffer.subarray(count);
  }

  write(): number {
    throw new LinuxError('EBADF');
  }

  ready(): number {
    return !this.poll() ? 0 : this.buffer.length > 0 ? POLLIN : POLLHUP;
  }

  /** A time limit on waiting for this does not run. */
  get timeless(): boolean {
    return this.ports.patient === true && !this.poll();
  }

  get news(): Channel {
    return this;
  }

  seek(): bigint {
    throw new LinuxError('ESPIPE');
  }

  opened(): void {}
  closed(): void {}
}

/** Standard output or error: whatever is written goes to the host at once. */
export class StandardOutput implements FileNode {
  private readonly ports: StandardPorts;
  private readonly fd: 1 | 2;

  constructor(ports: StandardPorts, fd: 1 | 2) {
    this.ports = ports;
    this.fd = fd;
  }

  stat(): FileStat {
    return { mode: S_IFIFO | 0o600, inode: 1 + this.fd, links: 1, size: 0, device: [0, 0] };
  }

  peek(): Uint8Array {
    throw new LinuxError('EBADF');
  }

  consume(): void {}

  write(bytes: Uint8Array): number {
    this.ports.output(this.fd, bytes);
    return bytes.length;
  }

  ready(): number {
    return POLLOUT;
  }

  seek(): bigint {
    throw new LinuxError('ESPIPE');
  }

  opened(): void {}
  closed(): void {}
}
