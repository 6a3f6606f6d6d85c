import { LinuxError } from '../abi/errno.ts';
import type { OpenFile } from './file.ts';

/** Most descriptors of a process (RLIMIT_NOFILE). */
export const DESCRIPTORS_MAX = 1024;

interface Descriptor {
  readonly file: OpenFile;
  closeOnExec: boolean;
}

/** The file descriptors of one process. */
export class Descriptors {
  private readonly table = new Map<number, Descriptor>();

  /** The open file of a descriptor, or EBADF. */
  get(fd: number): OpenFile {
    return this.entry(fd).file;
  }

  find(fd: number): OpenFile | undefined {
    return this.table.get(fd)?.file;
  }

  entry(fd: number): Descriptor {
    const found = this.table.get(fd);
    if (!found) throw new LinuxError('EBADF');
    return found;
  }

  /** Puts a file at the lowest free descriptor from `lowest` on, or EMFILE. */
  add(file: OpenFile, closeOnExec: boolean, lowest = 0): number {
    for (let fd = lowest; fd < DESCRIPTORS_MAX; fd++) {
      if (!this.table.has(fd)) {
        this.set(fd, file, closeOnExec);
        return fd;
      }
    }
    throw new LinuxError('EMFILE');
  }

  /** How many more descriptors there can be. */
  get room(): number {
    return DESCRIPTORS_MAX - this.table.size;
  }

  /** Puts a file at a descriptor in place of what is there. */
  replace(fd: number, file: OpenFile, closeOnExec: boolean): void {
    file.hold();
    if (this.table.has(fd)) this.close(fd);
    this.set(fd, file, closeOnExec);
    file.release();
  }

  close(fd: number): void {
    const { file } = this.entry(fd);
    this.table.delete(fd);
    file.release();
  }

  closeAll(): void {
    for (const fd of [...this.table.keys()]) this.close(fd);
  }

  /** A copy that shares the open files, as fork makes it. */
  copy(): Descriptors {
    const copy = new Descriptors();
    for (const [fd, { file, closeOnExec }] of this.table) copy.set(fd, file, closeOnExec);
    return copy;
  }

  private set(fd: number, file: OpenFile, closeOnExec: boolean): void {
    file.hold();
    this.table.set(fd, { file, closeOnExec });
  }
}
