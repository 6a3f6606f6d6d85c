import type { FileStat } from '../abi/files.ts';
import type { Arch } from '../arch/arch.ts';
import { bytes, I16, I32, I64, type Layout, struct, U8, U16, U32, U64 } from '../mm/layouts.ts';
import type { SignalAction } from '../task/signals.ts';

/** struct timespec. */
export interface Timespec {
  readonly seconds: bigint;
  readonly nanoseconds: bigint;
}
export const TIMESPEC: Layout<Timespec> = struct({ seconds: I64, nanoseconds: I64 });

/** struct timeval. */
export interface Timeval {
  readonly seconds: bigint;
  readonly microseconds: bigint;
}
export const TIMEVAL: Layout<Timeval> = struct({ seconds: I64, microseconds: I64 });

/** struct pollfd. */
export interface PollFd {
  readonly fd: number;
  readonly events: number;
  readonly revents: number;
}
export const POLLFD: Layout<PollFd> = struct({ fd: I32, events: I16, revents: I16 });

/** struct iovec. */
export interface Iovec {
  readonly base: bigint;
  readonly length: bigint;
}
export const IOVEC: Layout<Iovec> = struct({ base: U64, length: U64 });

/** struct new_utsname: six strings of 65 bytes. */
export const UTSNAME: Layout<{
  readonly system: Uint8Array;
  readonly node: Uint8Array;
  readonly release: Uint8Array;
  readonly version: Uint8Array;
  readonly machine: Uint8Array;
  readonly domain: Uint8Array;
}> = struct({
  system: bytes(65),
  node: bytes(65),
  release: bytes(65),
  version: bytes(65),
  machine: bytes(65),
  domain: bytes(65),
});

/** struct rlimit. */
export const RLIMIT: Layout<{ readonly soft: bigint; readonly hard: bigint }> = struct({ soft: U64, hard: U64 });

/** struct rusage: two times and fourteen counts. */
export const RUSAGE: Layout<{ readonly user: Timeval; readonly system: Timeval; readonly counts: Uint8Array }> = struct(
  {
    user: TIMEVAL,
    system: TIMEVAL,
    counts: bytes(14 * 8),
  },
);

/** struct tms, in ticks of CLK_TCK. */
export const TMS: Layout<{
  readonly user: bigint;
  readonly system: bigint;
  readonly childUser: bigint;
  readonly childSystem: bigint;
}> = struct({ user: I64, system: I64, childUser: I64, childSystem: I64 });

/** struct sysinfo. */
export const SYSINFO: Layout<{
  readonly uptime: bigint;
  readonly load1: bigint;
  readonly load5: bigint;
  readonly load15: bigint;
  readonly total: bigint;
  readonly free: bigint;
  readonly shared: bigint;
  readonly buffers: bigint;
  readonly totalSwap: bigint;
  readonly freeSwap: bigint;
  readonly tasks: number;
  readonly totalHigh: bigint;
  readonly freeHigh: bigint;
  readonly unit: number;
}> = struct({
  uptime: I64,
  load1: U64,
  load5: U64,
  load15: U64,
  total: U64,
  free: U64,
  shared: U64,
  buffers: U64,
  totalSwap: U64,
  freeSwap: U64,
  tasks: U16,
  totalHigh: U64,
  freeHigh: U64,
  unit: U32,
});

/** The kernel's struct sigaction where the ABI has no SA_RESTORER. */
const GENERIC_SIGACTION: Layout<SignalAction> = struct({ handler: U64, flags: U64, mask: U64 });

const RAW_RESTORED = struct<Required<SignalAction>>({ handler: U64, flags: U64, restorer: U64, mask: U64 });

/** Where it has. */
const RESTORED_SIGACTION: Layout<SignalAction> = {
  ...RAW_RESTORED,
  write: (action) => RAW_RESTORED.write({ restorer: 0n, ...action }),
};

/** The target's struct sigaction. */
export const sigactionOf = ({ differs }: Arch): Layout<SignalAction> =>
  differs?.restorer ? RESTORED_SIGACTION : GENERIC_SIGACTION;

/** stack_t. */
export const SIGNAL_STACK: Layout<{ readonly start: bigint; readonly flags: number; readonly size: bigint }> = struct({
  start: U64,
  flags: I32,
  size: U64,
});

const BLOCK_SIZE = 4096;
const deviceNumber = ([major, minor]: readonly [number, number]) => BigInt((major << 8) | minor);

const RAW_STAT = struct<{
  device: bigint;
  inode: bigint;
  mode: number;
  links: number;
  uid: number;
  gid: number;
  rdev: bigint;
  pad: bigint;
  size: bigint;
  blockSize: number;
  pad2: number;
  blocks: bigint;
  times: Uint8Array;
  unused: bigint;
}>({
  device: U64,
  inode: U64,
  mode: U32,
  links: U32,
  uid: U32,
  gid: U32,
  rdev: U64,
  pad: U64,
  size: I64,
  blockSize: I32,
  pad2: I32,
  blocks: I64,
  times: bytes(48),
  unused: U64,
});

const NO_BYTES = new Uint8Array(0);

/** struct stat (asm-generic/stat.h): 128 bytes. All times are 0. */
const GENERIC_STAT: Layout<FileStat> = {
  size: RAW_STAT.size,
  align: RAW_STAT.align,
  read(from) {
    const raw = RAW_STAT.read(from);
    const device = [Number(raw.rdev >> 8n), Number(raw.rdev & 0xffn)] as const;
    return { mode: raw.mode, inode: Number(raw.inode), links: raw.links, size: Number(raw.size), device };
  },
  write: ({ mode, inode, links, size, device }) =>
    RAW_STAT.write({
      device: 1n,
      inode: BigInt(inode),
      mode,
      links,
      uid: 0,
      gid: 0,
      rdev: deviceNumber(device),
      pad: 0n,
      size: BigInt(size),
      blockSize: BLOCK_SIZE,
      pad2: 0,
      blocks: 0n,
      times: NO_BYTES,
      unused: 0n,
    }),
};

const RAW_LINKS_FIRST = struct<{
  device: bigint;
  inode: bigint;
  links: bigint;
  mode: number;
  uid: number;
  gid: number;
  pad: number;
  rdev: bigint;
  size: bigint;
  blockSize: bigint;
  blocks: bigint;
  times: Uint8Array;
  unused: Uint8Array;
}>({
  device: U64,
  inode: U64,
  links: U64,
  mode: U32,
  uid: U32,
  gid: U32,
  pad: U32,
  rdev: U64,
  size: I64,
  blockSize: I64,
  blocks: I64,
  times: bytes(48),
  unused: bytes(24),
});

/** struct stat with the links first: 144 bytes. All times are 0. */
const LINKS_FIRST_STAT: Layout<FileStat> = {
  size: RAW_LINKS_FIRST.size,
  align: RAW_LINKS_FIRST.align,
  read(from) {
    const raw = RAW_LINKS_FIRST.read(from);
    const device = [Number(raw.rdev >> 8n), Number(raw.rdev & 0xffn)] as const;
    return { mode: raw.mode, inode: Number(raw.inode), links: Number(raw.links), size: Number(raw.size), device };
  },
  write: ({ mode, inode, links, size, device }) =>
    RAW_LINKS_FIRST.write({
      device: 1n,
      inode: BigInt(inode),
      links: BigInt(links),
      mode,
      uid: 0,
      gid: 0,
      pad: 0,
      rdev: deviceNumber(device),
      size: BigInt(size),
      blockSize: BigInt(BLOCK_SIZE),
      blocks: 0n,
      times: NO_BYTES,
      unused: NO_BYTES,
    }),
};

/** The target's struct stat. */
export const statOf = ({ differs }: Arch): Layout<FileStat> => (differs?.linksFirst ? LINKS_FIRST_STAT : GENERIC_STAT);

/** STATX_BASIC_STATS. */
const STATX_BASIC = 0x7ff;

/** struct statx: 256 bytes. */
export const STATX: Layout<FileStat> = {
  size: 256,
  align: 8,
  read(from) {
    const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
    return {
      mode: view.getUint16(28, true),
      inode: Number(view.getBigUint64(32, true)),
      links: view.getUint32(16, true),
      size: Number(view.getBigUint64(40, true)),
      device: [view.getUint32(128, true), view.getUint32(132, true)],
    };
  },
  write({ mode, inode, links, size, device }) {
    const to = new Uint8Array(256);
    const view = new DataView(to.buffer);
    view.setUint32(0, STATX_BASIC, true);
    view.setUint32(4, BLOCK_SIZE, true);
    view.setUint32(16, links, true);
    view.setUint16(28, mode, true);
    view.setBigUint64(32, BigInt(inode), true);
    view.setBigUint64(40, BigInt(size), true);
    view.setUint32(128, device[0], true);
    view.setUint32(132, device[1], true);
    view.setUint32(140, 1, true);
    return to;
  },
};

export { I32, I64, U8, U32, U64 };
