import type { Hart } from '../../machine/index.ts';
import { LinuxError } from '../abi/errno.ts';
import { KernelPanic } from '../abi/errors.ts';
import { decodeUtf8 } from '../abi/utf8.ts';
import type { AddressSpace } from './address-space.ts';
import { load, readBytes, writeBytes } from './kernel-access.ts';
import { type Layout, U8 } from './layouts.ts';
import { accessUserMemory } from './user-access.ts';
import { type AccessFlags, checkRegionAccess, populateArea } from './user-region.ts';

/** Who gives a user pointer its address space, on the hart that works for the process. */
export interface AddrSpaceProvider {
  readonly hart: Hart;
  /** The space itself, for what is no access to it: the policies, the machine. */
  readonly space: AddressSpace;
  /** Runs `f` with the address space; a provider may switch to it or lock it for the call. */
  withAddrSpace<R>(f: (space: AddressSpace) => R): R;
}

/** The plain provider: the address space itself. */
export class PlainProvider implements AddrSpaceProvider {
  readonly hart: Hart;
  readonly space: AddressSpace;

  constructor(hart: Hart, space: AddressSpace) {
    this.hart = hart;
    this.space = space;
  }

  withAddrSpace<R>(f: (space: AddressSpace) => R): R {
    return f(this.space);
  }
}

/** A provider that holds the address space's lock, not a recursive one, for the call: a fault inside deadlocks. */
export class LockingProvider extends PlainProvider {
  override withAddrSpace<R>(f: (space: AddressSpace) => R): R {
    if (this.space.locked) throw new KernelPanic('address-space lock taken twice');
    this.space.locked = true;
    try {
      return f(this.space);
    } finally {
      this.space.locked = false;
    }
  }
}

const READ: AccessFlags = { read: true, write: false };
const READ_WRITE: AccessFlags = { read: true, write: true };
const ADDRESSES = 1n << 64n;
/** isize::MAX. */
const MOST_BYTES = (1n << 63n) - 1n;

const pageOf = (address: bigint): bigint => address & ~0xfffn;

/** What `get` hands out: some elements in user memory, checked. axptr: a bare reference, whose accesses run without the flag. */
export class UserConstSlice<T> {
  readonly address: bigint;
  readonly length: number;
  protected readonly layout: Layout<T>;
  protected readonly aspace: AddrSpaceProvider;

  constructor(aspace: AddrSpaceProvider, address: bigint, length: number, layout: Layout<T>) {
    this.aspace = aspace;
    this.address = address;
    this.length = length;
    this.layout = layout;
  }

  get byteLength(): number {
    return this.length * this.layout.size;
  }

  /** One element. Throws EFAULT where it cannot be read as a whole. */
  load(index = 0): T {
    const bytes = new Uint8Array(this.layout.size);
    if (this.readInto(bytes, index * this.layout.size) < bytes.length) throw new LinuxError('EFAULT');
    return this.layout.read(bytes);
  }

  /** All elements' bytes. Throws EFAULT where some cannot be read. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength);
    if (this.readInto(bytes) < bytes.length) throw new LinuxError('EFAULT');
    return bytes;
  }

  /** Copies from `offset` bytes into the slice on; returns how many bytes came. `into` is cut to what the slice has. */
  readInto(into: Uint8Array, offset = 0): number {
    const wanted = into.subarray(0, Math.max(0, this.byteLength - offset));
    return this.access(() =>
      readBytes(this.aspace.space.memory, this.aspace.hart, this.address + BigInt(offset), wanted),
    );
  }

  protected access<R>(f: () => R): R {
    const { memory } = this.aspace.space;
    return memory.uaccess === 'axptr' ? f() : accessUserMemory(memory, this.aspace.hart, f);
  }
}

/** Elements in user memory that may be written too. */
export class UserSlice<T> extends UserConstSlice<T> {
  /** Throws EFAULT where the element could not be written as a whole; what came before the fault stays written. */
  store(value: T, index = 0): void {
    const bytes = this.layout.write(value);
    if (this.writeFrom(bytes, index * this.layout.size) < bytes.length) throw new LinuxError('EFAULT');
  }

  /** Copies to `offset` bytes into the slice on; returns how many bytes went. `from` is cut to what the slice has. */
  writeFrom(from: Uint8Array, offset = 0): number {
    const given = from.subarray(0, Math.max(0, this.byteLength - offset));
    return this.access(() =>
      writeBytes(this.aspace.space.memory, this.aspace.hart, this.address + BigInt(offset), given),
    );
  }
}

/** What pointers of either direction are: an address, which may be null, of elements of one layout. */
abstract class UserAddress<T> {
  readonly address: bigint;
  readonly layout: Layout<T>;

  constructor(address: bigint, layout: Layout<T>) {
    this.address = BigInt.asUintN(64, address);
    this.layout = layout;
  }

  get isNull(): boolean {
    return this.address === 0n;
  }

  /** Nothing for the null pointer, else itself. */
  nullable(): this | undefined {
    return this.isNull ? undefined : this;
  }
}

/** A pointer into user memory that may be read through. */
export class UserConstPtr<T> extends UserAddress<T> {
  cast<U>(layout: Layout<U>): UserConstPtr<U> {
    return new UserConstPtr(this.address, layout);
  }

  /** Checks and populates one element. Throws EFAULT, ENOMEM, EINVAL. */
  get(aspace: AddrSpaceProvider): UserConstSlice<T> {
    checkRegion(aspace, this.address, this.layout, BigInt(this.layout.size), READ);
    return new UserConstSlice(aspace, this.address, 1, this.layout);
  }

  /** Checks and populates `length` elements. Throws EFAULT, ENOMEM, EINVAL. */
  getAsSlice(aspace: AddrSpaceProvider, length: number | bigint): UserConstSlice<T> {
    checkSlice(aspace, this.address, this.layout, BigInt(length), READ);
    return new UserConstSlice(aspace, this.address, Number(length), this.layout);
  }

  /** The elements before the first of all zeroes. `limit` (corrected only): ENAMETOOLONG where that many come before it. */
  getAsNullTerminated(aspace: AddrSpaceProvider, limit?: number): UserConstSlice<T> {
    const length = checkNullTerminated(aspace, this.address, this.layout, READ, limit);
    return new UserConstSlice(aspace, this.address, length, this.layout);
  }

  /** A C string. Throws EILSEQ where it is not UTF-8; `limit` as above. */
  getAsStr(this: UserConstPtr<number>, aspace: AddrSpaceProvider, limit?: number): string {
    if (this.layout.size !== 1) throw new Error('a string is made of bytes');
    const text = decodeUtf8(this.getAsNullTerminated(aspace, limit).bytes());
    if (text === undefined) throw new LinuxError('EILSEQ');
    return text;
  }
}

/** A pointer into user memory that may be read and written through. */
export class UserPtr<T> extends UserAddress<T> {
  cast<U>(layout: Layout<U>): UserPtr<U> {
    return new UserPtr(this.address, layout);
  }

  /** Checks and populates one element. Throws EFAULT, ENOMEM, EINVAL. */
  get(aspace: AddrSpaceProvider): UserSlice<T> {
    checkRegion(aspace, this.address, this.layout, BigInt(this.layout.size), READ_WRITE);
    return new UserSlice(aspace, this.address, 1, this.layout);
  }

  getAsSlice(aspace: AddrSpaceProvider, length: number | bigint): UserSlice<T> {
    checkSlice(aspace, this.address, this.layout, BigInt(length), READ_WRITE);
    return new UserSlice(aspace, this.address, Number(length), this.layout);
  }

  getAsNullTerminated(aspace: AddrSpaceProvider, limit?: number): UserSlice<T> {
    const length = checkNullTerminated(aspace, this.address, this.layout, READ_WRITE, limit);
    return new UserSlice(aspace, this.address, length, this.layout);
  }
}

/** Pointers as system calls take them: bytes. */
export const userBytes = (address: bigint): UserPtr<number> => new UserPtr(address, U8);
export const userConstBytes = (address: bigint): UserConstPtr<number> => new UserConstPtr(address, U8);

/** `check_region`: alignment, overflow, areas, population, in this order. Throws EFAULT, ENOMEM, EINVAL. */
export function checkRegion(
  aspace: AddrSpaceProvider,
  start: bigint,
  { align }: { readonly align: number },
  size: bigint,
  flags: AccessFlags,
): void {
  if (!isAligned(start, align)) throw new LinuxError('EFAULT');
  const { memory } = aspace.space;
  const axptr = memory.uaccess === 'axptr';
  if (start + size >= ADDRESSES) {
    if (axptr) throw new KernelPanic('attempt to add with overflow (VirtAddrRange::from_start_size)');
    throw new LinuxError('EFAULT');
  }
  // A slice of nothing is no access; axptr asks for an area there all the same.
  if (size === 0n && !axptr) return;
  aspace.withAddrSpace((space) => {
    if (!checkRegionAccess(space, start, start + size, flags)) throw new LinuxError('EFAULT');
    const first = pageOf(start);
    populateArea(space, first, pageOf(start + size + 0xfffn) - first);
  });
  memory.afterCheck?.(start, size);
}

function checkSlice<T>(
  aspace: AddrSpaceProvider,
  start: bigint,
  layout: Layout<T>,
  length: bigint,
  flags: AccessFlags,
): void {
  const size = length * BigInt(layout.size);
  // Layout::array refuses a size that, rounded up to the alignment, is above isize::MAX.
  if (length < 0n || size > MOST_BYTES - BigInt(layout.align - 1)) {
    if (aspace.space.memory.uaccess === 'axptr') {
      throw new KernelPanic('called `Result::unwrap()` on an `Err` value: LayoutError');
    }
    throw new LinuxError('EFAULT');
  }
  checkRegion(aspace, start, layout, size, flags);
}

/**
 * `check_null_terminated`: how many elements come before the first of all zeroes, read under the flag, each page's areas
 * checked before it is touched. Throws EFAULT; corrected: EINVAL for elements that do not divide a page, ENAMETOOLONG
 * where `limit` elements come before the terminator.
 */
export function checkNullTerminated<T>(
  aspace: AddrSpaceProvider,
  start: bigint,
  { size, align }: Layout<T>,
  flags: AccessFlags,
  limit?: number,
): number {
  if (!isAligned(start, align)) throw new LinuxError('EFAULT');
  const { memory } = aspace.space;
  const axptr = memory.uaccess === 'axptr';
  if (!axptr && (size === 0 || 4096 % size !== 0)) throw new LinuxError('EINVAL');
  let page = pageOf(start);
  let length = 0;

  const checkPage = (space: AddressSpace) => {
    const end = page + 4096n;
    if (end >= ADDRESSES) {
      if (axptr) throw new KernelPanic('attempt to add with overflow (VirtAddrRange::from_start_size)');
      throw new LinuxError('EFAULT');
    }
    if (!checkRegionAccess(space, page, end, flags)) throw new LinuxError('EFAULT');
    page = end;
    memory.afterCheck?.(end - 4096n, 4096n);
  };
  const scan = (check: () => void) => {
    for (;;) {
      if (!axptr && limit !== undefined && length >= limit) throw new LinuxError('ENAMETOOLONG');
      const at = start + BigInt(length * size);
      // axptr looks at the element's first byte only, and reads across into a page not yet checked.
      const last = axptr ? at : at + BigInt(size - 1);
      while (last >= page) check();
      if (isZero(aspace, at, size)) return;
      length++;
    }
  };

  if (axptr) {
    aspace.withAddrSpace((space) => accessUserMemory(memory, aspace.hart, () => scan(() => checkPage(space))));
  } else accessUserMemory(memory, aspace.hart, () => scan(() => aspace.withAddrSpace(checkPage)));
  return length;
}

/** Whether all bytes of an element are zero. Scalars are read by one load, as the compiled code would. */
function isZero(aspace: AddrSpaceProvider, address: bigint, size: number): boolean {
  const { memory } = aspace.space;
  if (size === 1 || size === 2 || size === 4 || size === 8) return load(memory, aspace.hart, address, size) === 0n;
  let sum = 0n;
  for (let i = 0; i < size; i++) sum |= load(memory, aspace.hart, address + BigInt(i), 1);
  return sum === 0n;
}

const isAligned = (address: bigint, align: number): boolean => (address & BigInt(align - 1)) === 0n;
