/** Flags of open(2) and pipe2(2) (asm-generic/fcntl.h). */
export const O_ACCMODE = 3;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = 0o200000;
export const O_CLOEXEC = 0o2000000;

/** Relative paths start at the working directory. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EACCESS = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;

/** Longest path with its terminator, in bytes. */
export const PATH_MAX = 4096;
/** Most bytes that one read or write moves. */
export const MAX_RW_COUNT = 0x7fff_f000;
/** Most elements of an iovec array. */
export const IOV_MAX = 1024;

/** Types of directory entries (dirent.h). */
export const DT_CHR = 2;
export const DT_DIR = 4;
export const DT_LNK = 10;

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFLNK = 0o120000;

/** What stat(2) and statx(2) say of a file. Sizes in bytes; device numbers as major and minor. */
export interface FileStat {
  readonly mode: number;
  readonly inode: number;
  readonly links: number;
  readonly size: number;
  readonly device: readonly [major: number, minor: number];
}
