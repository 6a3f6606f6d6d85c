import type { FileStat } from '../abi/files.ts';

/** What a blocked system call waits for; told apart by identity. */
export interface Channel {
  /** In words, for records: `console input`. */
  readonly what: string;
  /** Something happened that those who wait may want to know of; the kernel wakes them and clears it. */
  changed?: boolean;
  /** A time limit on waiting for it does not run. */
  readonly timeless?: boolean;
}

/** A file as open descriptors see it. Reads are made in two steps, so that bytes are gone only once they were copied. */
export interface FileNode {
  stat(): FileStat;
  /** At most `max` bytes (at least 1) from the front, left in place; none at the end of the file; a channel: not yet. */
  peek(max: number): Uint8Array | Channel;
  /** Takes `count` bytes that were peeked. */
  consume(count: number): void;
  /** Writes some of `bytes`: how many, or a channel to wait for. Throws EPIPE where nobody can ever read. */
  write(bytes: Uint8Array): number | Channel;
  /** Which of POLLIN, POLLOUT, POLLERR and POLLHUP hold for an open description: poll(2). */
  ready(access: Direction): number;
  /** What tells of a change of that; absent where nothing ever changes. */
  readonly news?: Channel;
  /** Where lseek goes; files without a position throw ESPIPE. */
  seek(offset: bigint, whence: number): bigint;
  /** An open description came to be or went: pipes count their ends. */
  opened(access: Direction): void;
  closed(access: Direction): void;
}

export interface Direction {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** An open file description: what descriptors made by dup and fork share. */
export class OpenFile implements Direction {
  readonly node: FileNode;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Status flags that fcntl shows and sets, beside the access mode. */
  flags: number;
  private references = 0;

  constructor(node: FileNode, direction: Direction, flags = 0) {
    this.node = node;
    this.readable = direction.readable;
    this.writable = direction.writable;
    this.flags = flags;
    node.opened(this);
  }

  hold(): void {
    this.references++;
  }

  release(): void {
    if (--this.references === 0) this.node.closed(this);
  }
}
