import { LinuxError } from '../abi/errno.ts';
import {
  DT_CHR,
  DT_DIR,
  DT_LNK,
  type FileStat,
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDWR,
  O_WRONLY,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
} from '../abi/files.ts';
import { POLLIN, POLLOUT } from '../abi/poll.ts';
import { type FileNode, OpenFile } from './file.ts';

/** A file system as path system calls need it. Paths are absolute, or relative to the root. */
export interface FileTree {
  /** Opens, or throws what open(2) says. */
  open(path: string, flags: number, self: Self): OpenFile;
  stat(path: string, follow: boolean, self: Self): FileStat;
  /** What a symbolic link holds: EINVAL where it is none. */
  readLink(path: string, self: Self): string;
  /** The path of a directory, without links: ENOTDIR where it is none. */
  directory(path: string, self: Self): string;
  /** Makes a file of whatever kind: throws what mkdir(2), link(2) and their kin say. */
  make(path: string, self: Self): never;
  /** Changes or removes what is there: throws what chmod(2), unlink(2) and their kin say. */
  change(path: string, follow: boolean, self: Self): never;
}

/** The process that asks, for `/proc/self`. */
export interface Self {
  /** The program's path, as it was started. */
  readonly exe: string;
}

/** What a device gives when it is read. */
type DeviceData = 'null' | 'zero' | 'random';

/** Where random bytes come from. */
export interface RandomSource {
  bytes(count: number): Uint8Array;
}

type Entry =
  | { readonly kind: 'directory'; readonly inode: number; readonly entries: Readonly<Record<string, Entry>> }
  | { readonly kind: 'device'; readonly inode: number; readonly minor: number; readonly data: DeviceData }
  | { readonly kind: 'link'; readonly inode: number; readonly target: (self: Self) => string };

const ROOT: Entry = {
  kind: 'directory',
  inode: 10,
  entries: {
    dev: {
      kind: 'directory',
      inode: 11,
      entries: {
        null: { kind: 'device', inode: 12, minor: 3, data: 'null' },
        zero: { kind: 'device', inode: 13, minor: 5, data: 'zero' },
        random: { kind: 'device', inode: 17, minor: 8, data: 'random' },
        urandom: { kind: 'device', inode: 18, minor: 9, data: 'random' },
      },
    },
    proc: {
      kind: 'directory',
      inode: 14,
      entries: {
        self: {
          kind: 'directory',
          inode: 15,
          entries: { exe: { kind: 'link', inode: 16, target: (self) => self.exe } },
        },
      },
    },
  },
};

/** Symbolic links followed in one path before ELOOP. */
const LINKS_MAX = 40;

/** `/`, `/dev/null`, `/dev/zero`, `/dev/random`, `/dev/urandom` and the link `/proc/self/exe`; nothing can be made in it. */
export class TinyTree implements FileTree {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  open(path: string, flags: number, self: Self): OpenFile {
    const mode = flags & O_ACCMODE;
    const exclusive = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
    const { entry, where } = find(path, !exclusive, self, (flags & O_CREAT) !== 0);
    if (exclusive) throw new LinuxError('EEXIST');
    const direction = { readable: mode !== O_WRONLY, writable: mode === O_WRONLY || mode === O_RDWR };
    if (entry.kind === 'directory') {
      if (direction.writable || flags & O_CREAT) throw new LinuxError('EISDIR');
      return new OpenFile(new Directory(where, list(entry), statOf(entry, self)), direction, flags);
    }
    if (flags & O_DIRECTORY) throw new LinuxError('ENOTDIR');
    if (entry.kind === 'link') throw new LinuxError('ELOOP');
    return new OpenFile(new Device(entry.data, statOf(entry, self), this.random), direction, flags);
  }

  stat(path: string, follow: boolean, self: Self): FileStat {
    return statOf(find(path, follow, self).entry, self);
  }

  readLink(path: string, self: Self): string {
    const { entry } = find(path, false, self);
    if (entry.kind !== 'link') throw new LinuxError('EINVAL');
    return entry.target(self);
  }

  directory(path: string, self: Self): string {
    const { entry, where } = find(path, true, self);
    if (entry.kind !== 'directory') throw new LinuxError('ENOTDIR');
    return where;
  }

  make(path: string, self: Self): never {
    find(path, false, self, true);
    throw new LinuxError('EEXIST');
  }

  change(path: string, follow: boolean, self: Self): never {
    find(path, follow, self);
    throw new LinuxError('EROFS');
  }
}

/** path_resolution(7). `creating`: a last component that is missing could only be made, which nothing here allows. */
function find(path: string, followLast: boolean, self: Self, creating = false): { entry: Entry; where: string } {
  if (path === '') throw new LinuxError('ENOENT');
  const rest = path.split('/').filter((part) => part !== '');
  const mustBeDirectory = path.endsWith('/');
  const trail: Entry[] = [ROOT];
  const names: string[] = [];
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift()!;
    const here = trail[trail.length - 1];
    if (here.kind !== 'directory') throw new LinuxError('ENOTDIR');
    if (part.length > 255) throw new LinuxError('ENAMETOOLONG');
    if (part === '.') continue;
    if (part === '..') {
      if (trail.length > 1) trail.pop();
      names.pop();
      continue;
    }
    const next = Object.hasOwn(here.entries, part) ? here.entries[part] : undefined;
    if (!next) throw new LinuxError(creating && rest.length === 0 ? 'EROFS' : 'ENOENT');
    if (next.kind === 'link' && (rest.length > 0 || followLast || mustBeDirectory)) {
      if (++links > LINKS_MAX) throw new LinuxError('ELOOP');
      const target = next.target(self);
      if (target.startsWith('/')) {
        trail.length = 1;
        names.length = 0;
      }
      rest.unshift(...target.split('/').filter((component) => component !== ''));
      continue;
    }
    trail.push(next);
    names.push(part);
  }
  const found = trail[trail.length - 1];
  if (mustBeDirectory && found.kind !== 'directory') throw new LinuxError('ENOTDIR');
  return { entry: found, where: `/${names.join('/')}` };
}

const DIRENT_TYPES = { directory: DT_DIR, device: DT_CHR, link: DT_LNK } as const;

/** What getdents finds: the directory itself, its parent as everyone sees the root's, and the entries. */
function list(directory: Extract<Entry, { kind: 'directory' }>): DirectoryEntry[] {
  const { inode, entries } = directory;
  return [
    { name: '.', inode, type: DT_DIR },
    { name: '..', inode: ROOT.inode, type: DT_DIR },
    ...Object.entries(entries).map(([name, entry]) => ({ name, inode: entry.inode, type: DIRENT_TYPES[entry.kind] })),
  ];
}

function statOf(entry: Entry, self: Self): FileStat {
  const { inode } = entry;
  switch (entry.kind) {
    case 'directory':
      return { mode: S_IFDIR | 0o555, inode, links: 2, size: 0, device: [0, 0] };
    case 'device':
      return { mode: S_IFCHR | 0o666, inode, links: 1, size: 0, device: [1, entry.minor] };
    case 'link':
      return { mode: S_IFLNK | 0o777, inode, links: 1, size: entry.target(self).length, device: [0, 0] };
  }
}

/** Most bytes of zeros that one read finds. */
const ZEROS = new Uint8Array(65536);
const NONE = new Uint8Array(0);

/** `/dev/null` and its like. */
export class Device implements FileNode {
  private readonly data: DeviceData;
  private readonly random: RandomSource;
  /** Random bytes that were looked at and not taken. */
  private held: Uint8Array = NONE;
  private readonly status: FileStat;

  constructor(data: DeviceData, status: FileStat, random: RandomSource) {
    this.data = data;
    this.random = random;
    this.status = status;
  }

  stat(): FileStat {
    return this.status;
  }

  peek(max: number): Uint8Array {
    switch (this.data) {
      case 'null':
        return NONE;
      case 'zero':
        return ZEROS.subarray(0, max);
      case 'random':
        if (this.held.length < max)
          this.held = Uint8Array.from([...this.held, ...this.random.bytes(max - this.held.length)]);
        return this.held.subarray(0, max);
      default:
        return this.data satisfies never;
    }
  }

  consume(count: number): void {
    this.held = this.held.subarray(count);
  }

  write(bytes: Uint8Array): number {
    return bytes.length;
  }

  ready(): number {
    return POLLIN | POLLOUT;
  }

  seek(): bigint {
    return 0n;
  }

  opened(): void {}
  closed(): void {}
}

/** What getdents64 tells of one file. */
export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
  readonly type: number;
}

/** An open directory: it can be listed, not read. Its position counts entries. */
export class Directory implements FileNode {
  /** Its path, absolute and without links. */
  readonly path: string;
  private readonly entries: readonly DirectoryEntry[];
  private readonly status: FileStat;
  private position = 0;

  constructor(path: string, entries: readonly DirectoryEntry[], status: FileStat) {
    this.path = path;
    this.entries = entries;
    this.status = status;
  }

  /** The entries from the position on. */
  remaining(): readonly DirectoryEntry[] {
    return this.entries.slice(this.position);
  }

  /** How many entries were told before; `advance` moves on. */
  get told(): number {
    return Math.min(this.position, this.entries.length);
  }

  advance(count: number): void {
    this.position += count;
  }

  stat(): FileStat {
    return this.status;
  }

  peek(): Uint8Array {
    throw new LinuxError('EISDIR');
  }

  consume(): void {}

  write(): number {
    throw new LinuxError('EBADF');
  }

  ready(): number {
    return POLLIN | POLLOUT;
  }

  seek(offset: bigint, whence: number): bigint {
    const to = whence === SEEK_CUR ? BigInt(this.position) + offset : offset;
    if (whence > SEEK_CUR || to < 0n || to > POSITION_MAX) throw new LinuxError('EINVAL');
    this.position = Number(to);
    return to;
  }

  opened(): void {}
  closed(): void {}
}

const SEEK_CUR = 1;
const POSITION_MAX = BigInt(Number.MAX_SAFE_INTEGER);
