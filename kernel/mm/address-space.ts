import { LinuxError } from '../abi/errno.ts';
import type { Rights } from '../arch/arch.ts';
import { Area, type AreaDescription, HEAP, STACK, sameRights } from './area.ts';
import { AreaSet } from './area-set.ts';
import type { Memory } from './memory.ts';
import { PageTable } from './page-table.ts';

/** MAX_STACK_GROWTH of the published handler, and RLIMIT_STACK of the corrected one: 8 MiB. */
export const STACK_LIMIT = 8n * 1024n * 1024n;
/** Kept free between a growing stack and the next mapping below it. */
export const STACK_GUARD = 4096n;
/** From this many pages on, one invalidation of the whole address space replaces those of single pages. */
const FLUSH_ALL = 32;

/** A mapping to make. Addresses and lengths are bytes; `length` is widened to whole pages. */
export interface MapRequest extends AreaDescription {
  readonly length: bigint;
  /**
   * `fixed` replaces what is there, `fixed-new` refuses with EEXIST; `hint` is taken where it is free, otherwise the
   * highest free range below `mmapTop`.
   */
  readonly place: { readonly how: 'fixed' | 'fixed-new' | 'hint'; readonly address: bigint };
  /** Give every page its frame at once (MAP_POPULATE). */
  readonly populate?: boolean;
}

const pageUp = (address: bigint): bigint => (address + 0xfffn) & ~0xfffn;

/** One process's memory: areas over frames, the page table that says the same in hardware's words, heap and stack. */
export class AddressSpace {
  readonly memory: Memory;
  /** The address-space id: its ASID. */
  readonly id: number;
  readonly table: PageTable;
  readonly areas = new AreaSet();
  /**
   * Harts that have run this space since its ASID was handed out, and so may hold translations of it: the scheduler adds
   * a hart when it activates the space, and takes none away.
   */
  readonly activeHarts = new Set<number>();
  /** The heap starts here and ends at `brkEnd`; both 0 until `setHeap`. */
  heapStart = 0n;
  brkEnd = 0n;
  /** First address above the stack, and its size as VeridianOS counts it; 0 until `mapStack`. */
  stackTop = 0n;
  stackSize = 0n;
  /** Held by a lock-backed provider: a fault now deadlocks. */
  locked = false;
  /** Protection keys in use, a bit each; key 0 is from the start. */
  keys = 1;

  /** An empty address space. Throws ENOMEM, EAGAIN. */
  constructor(memory: Memory) {
    this.memory = memory;
    this.table = new PageTable(memory);
    try {
      this.id = memory.takeAsid();
    } catch (error) {
      this.table.free();
      throw error;
    }
  }

  /** The root table's physical address. */
  get root(): bigint {
    return this.table.root << 12n;
  }

  // Areas.

  /** The area that holds an address. */
  find(address: bigint): Area | undefined {
    return this.areas.find(address);
  }

  /** The first area that ends above an address: the one that holds it, or the next. */
  next(address: bigint): Area | undefined {
    return this.areas.next(address);
  }

  /**
   * Makes a mapping and returns its start. Errors: EINVAL nothing asked for or a fixed address misaligned; ENOMEM no
   * room or outside the user range; EPERM fixed below the user range; EEXIST. Under veridian images get their frames at once.
   */
  map(request: MapRequest): bigint {
    const { layout, policy } = this.memory;
    const { how } = request.place;
    if (request.length <= 0n) throw new LinuxError('EINVAL');
    if (request.length > layout.userEnd) throw new LinuxError('ENOMEM');
    const length = pageUp(request.length);
    let start = request.place.address;
    if (how === 'hint') start = this.areas.place(layout, start, length);
    else {
      if ((start & 0xfffn) !== 0n) throw new LinuxError('EINVAL');
      if (start > layout.userEnd - length) throw new LinuxError('ENOMEM');
      if (start < layout.userStart) throw new LinuxError('EPERM');
      if (how === 'fixed') this.unmap(start, length);
      else if (!this.areas.isFree(start, start + length)) throw new LinuxError('EEXIST');
    }
    const area = new Area(start, start + length, request);
    this.areas.insert(area);
    // Shared pages must exist before fork can share them; VeridianOS's loader copies segments eagerly.
    if (request.populate || request.shared || (policy === 'veridian' && request.kind === 'image')) {
      try {
        for (let page = start; page < start + length; page += 4096n)
          if (!area.pastEnd(page)) this.fill(area, page, true);
      } catch (error) {
        this.unmap(start, length);
        throw error;
      }
    }
    this.mergeWithin(start, start);
    return start;
  }

  /** Removes what is mapped in a range; holes are no error. EINVAL: misaligned, empty or outside the user range. */
  unmap(start: bigint, length: bigint): void {
    const end = this.checkRange(start, length, 'EINVAL');
    const doomed = this.areas.isolate(start, end);
    if (doomed.length === 0) return;
    const dropped: bigint[] = [];
    for (const area of doomed) {
      this.areas.remove(area);
      for (const vpn of area.pages.keys()) if (this.table.clear(vpn << 12n) !== 0n) dropped.push(vpn << 12n);
    }
    // Frames may be given out again only when no hart can reach them any more.
    this.flush(dropped);
    for (const area of doomed) for (const frame of area.pages.values()) this.memory.frames.release(frame);
  }

  /**
   * Changes the rights of a range and, where it is given, its protection key. ENOMEM: a hole, with everything below it
   * changed; EINVAL as `unmap`.
   */
  protect(start: bigint, length: bigint, rights: Rights, key?: number): void {
    if (length === 0n && (start & 0xfffn) === 0n) return;
    const end = this.checkRange(start, length, 'ENOMEM');
    const changed: bigint[] = [];
    let reached = start;
    try {
      for (const area of this.areas.isolate(start, end)) {
        if (area.start !== reached) break;
        reached = area.end;
        if (sameRights(area.rights, rights) && area.key === (key ?? area.key)) continue;
        area.rights = rights;
        area.key = key ?? area.key;
        for (const [vpn, frame] of area.pages) if (this.rewrite(area, vpn << 12n, frame)) changed.push(vpn << 12n);
      }
    } finally {
      this.flush(changed);
    }
    this.mergeWithin(start, end);
    if (reached < end) throw new LinuxError('ENOMEM');
  }

  // Heap and stack.

  /** Where the heap begins, empty; the loader says. */
  setHeap(start: bigint): void {
    this.heapStart = pageUp(start);
    this.brkEnd = this.heapStart;
  }

  /** Moves the heap's end and returns it; where that cannot be, nothing changes and it returns the end as it was. */
  brk(end: bigint): bigint {
    const { layout } = this.memory;
    if (this.heapStart === 0n || end < this.heapStart || end > layout.userEnd) return this.brkEnd;
    const before = pageUp(this.brkEnd);
    const after = pageUp(end);
    if (after > before) {
      if (after > layout.userEnd || !this.areas.isFree(before, after)) return this.brkEnd;
      this.areas.insert(new Area(before, after, HEAP));
      this.mergeWithin(before, before);
    } else if (after < before) this.unmap(after, before - after);
    this.brkEnd = end;
    return end;
  }

  /**
   * Maps the stack, `size` bytes below the layout's top; the program may ask that code on it can run. Under veridian
   * every page gets its frame at once.
   */
  mapStack(size: bigint, execute = false): Area {
    this.stackTop = this.memory.layout.stackTop;
    this.stackSize = pageUp(size);
    const start = this.map({
      ...STACK,
      rights: { ...STACK.rights, execute },
      length: this.stackSize,
      place: { how: 'fixed-new', address: this.stackTop - this.stackSize },
      populate: this.memory.policy === 'veridian',
    });
    return this.find(start) as Area;
  }

  // Pages.

  /** The frame of a resident page. */
  frameAt(address: bigint): bigint | undefined {
    return this.find(address)?.pages.get(address >> 12n);
  }

  /**
   * Makes a page resident and its entry say so, accessed set, dirty where it is about to be written; a resident page's
   * entry gets those bits. Throws ENOMEM with nothing changed, EFAULT where the area is no longer there.
   */
  fill(area: Area, page: bigint, write: boolean): void {
    const { frames, physical, changes } = this.memory;
    const resident = area.pages.get(page >> 12n);
    if (resident !== undefined) {
      // Without an entry where its rights were taken away before a fork and a table was wanting when they came back.
      if (this.table.lookup(page)?.view.kind === 'leaf') this.touch(page, write);
      else this.rewrite(area, page, resident);
      return;
    }
    const frame = frames.allocate();
    const content = area.content(page);
    if (content) physical.write(frame, content.at, content.bytes);
    changes?.push({ kind: 'frame', action: content ? 'from file' : 'zeroed', frame });
    try {
      // Making room for the frame may have taken the area away.
      if (this.find(page) !== area) throw new LinuxError('EFAULT');
      this.enter(area, page, frame, area.rights, write);
    } catch (error) {
      frames.release(frame);
      throw error;
    }
  }

  /** VeridianOS's `map_page`: a zeroed frame with the rights given. Throws ENOMEM with nothing changed. */
  mapZeroed(area: Area, page: bigint, rights: Rights): bigint {
    const { frames } = this.memory;
    const frame = frames.allocate();
    this.memory.changes?.push({ kind: 'frame', action: 'zeroed', frame });
    try {
      this.enter(area, page, frame, rights, true);
    } catch (error) {
      frames.release(frame);
      throw error;
    }
    return frame;
  }

  /** Makes a frame, whose reference the area takes over, a page of it. Throws ENOMEM with nothing changed. */
  enter(area: Area, page: bigint, frame: bigint, rights: Rights, write: boolean): void {
    this.table.set(page, this.leaf(area, frame, rights, true, write && rights.write));
    area.pages.set(page >> 12n, frame);
    area.recorded++;
  }

  /**
   * Gives a page another frame, writable; the area takes over its reference and gives up the old frame's. A live entry
   * is made absent, and invalidated, before it leads elsewhere: some targets want it so, and none minds.
   */
  exchange(area: Area, page: bigint, frame: bigint): void {
    const old = area.pages.get(page >> 12n);
    this.table.clear(page);
    this.flush([page]);
    this.table.set(page, this.leaf(area, frame, area.rights, true, true));
    area.pages.set(page >> 12n, frame);
    if (old !== undefined) this.memory.frames.release(old);
  }

  /** Makes the page's entry writable where it stands. */
  makeWritable(area: Area, page: bigint, frame: bigint): void {
    this.table.set(page, this.leaf(area, frame, area.rights, true, true));
    this.flush([page]);
  }

  /** Sets the entry's accessed and, for a write that it allows, dirty bit. True: one of them was clear. */
  touch(page: bigint, write: boolean): boolean {
    const entry = this.table.lookup(page);
    if (entry?.view.kind !== 'leaf') return false;
    const bits = this.memory.format.touched(entry.bits, write && entry.view.rights.write);
    if (bits === entry.bits) return false;
    this.table.replace(entry, bits);
    this.flush([page]);
    return true;
  }

  /** Drops translations of these pages on every hart that may hold them. */
  flush(pages: readonly bigint[]): void {
    if (pages.length === 0) return;
    if (pages.length >= FLUSH_ALL) this.memory.invalidate(this.activeHarts, undefined, this.id);
    else for (const page of pages) this.memory.invalidate(this.activeHarts, page, this.id);
  }

  // Life.

  /**
   * A copy that shares every frame. WRITE is stripped from the entries of both sides, shared areas' excepted, so that the
   * next write faults. Throws ENOMEM, EAGAIN, this space being as it was.
   */
  fork(): AddressSpace {
    const { frames } = this.memory;
    const child = new AddressSpace(this.memory);
    const stripped: bigint[] = [];
    try {
      for (const area of this.areas.list) {
        const copy = new Area(area.start, area.end, area);
        copy.recorded = area.recorded;
        child.areas.insert(copy);
        for (const [vpn, frame] of area.pages) {
          const bits = this.stripped(area, vpn << 12n);
          if (bits !== 0n) child.table.set(vpn << 12n, bits);
          frames.retain(frame);
          copy.pages.set(vpn, frame);
        }
      }
    } catch (error) {
      child.destroy();
      throw error;
    }
    for (const area of this.areas.list) {
      if (area.shared) continue;
      for (const vpn of area.pages.keys()) {
        const entry = this.table.lookup(vpn << 12n);
        const bits = this.stripped(area, vpn << 12n);
        if (entry?.view.kind !== 'leaf' || bits === entry.bits) continue;
        this.table.replace(entry, bits);
        stripped.push(vpn << 12n);
      }
    }
    this.flush(stripped);
    child.heapStart = this.heapStart;
    child.brkEnd = this.brkEnd;
    child.stackTop = this.stackTop;
    child.stackSize = this.stackSize;
    child.keys = this.keys;
    return child;
  }

  /** Gives back every frame, table and the ASID. No hart may be running the space. */
  destroy(): void {
    const { frames } = this.memory;
    this.memory.invalidate(this.activeHarts, undefined, this.id);
    this.activeHarts.clear();
    for (const area of this.areas.list) for (const frame of area.pages.values()) frames.release(frame);
    this.areas.clear();
    this.table.free();
    this.memory.returnAsid(this.id);
  }

  private leaf({ key }: Area, frame: bigint, rights: Rights, accessed: boolean, dirty: boolean): bigint {
    const { format, policy } = this.memory;
    // The published handler knows neither bit: its entries must never fault for them.
    const veridian = policy === 'veridian';
    return format.leaf(frame, rights, {
      accessed: accessed || veridian,
      dirty: dirty || (veridian && rights.write),
      global: false,
      level: 0,
      key,
    });
  }

  /** The page's entry without WRITE, or as it is in a shared area; 0 where there is none. */
  private stripped(area: Area, page: bigint): bigint {
    const entry = this.table.lookup(page);
    if (entry?.view.kind !== 'leaf') return 0n;
    const { frame, rights, accessed, dirty } = entry.view;
    if (area.shared || !rights.write) return entry.bits;
    const options = { accessed, dirty, global: false, level: 0, key: area.key };
    return this.memory.format.leaf(frame, { ...rights, write: false }, options);
  }

  /** Writes a resident page's entry anew after its area's rights changed. True: a valid entry is another now. */
  private rewrite(area: Area, page: bigint, frame: bigint): boolean {
    const { frames } = this.memory;
    const old = this.table.lookup(page);
    const view = old?.view.kind === 'leaf' ? old.view : undefined;
    // A frame that others hold too stays read-only: the next write copies it.
    const alone = area.shared || frames.references(frame) === 1;
    const rights = alone ? area.rights : { ...area.rights, write: false };
    const bits = this.leaf(area, frame, rights, view?.accessed ?? true, view?.dirty ?? false);
    if (bits === old?.bits) return false;
    this.table.set(page, bits);
    return view !== undefined;
  }

  /** Joins like areas that start in a range with their neighbours. VeridianOS keeps its mappings apart. */
  private mergeWithin(first: bigint, last: bigint): void {
    if (this.memory.policy !== 'veridian') this.areas.merge(first, last);
  }

  /** The end of an aligned, non-empty range within the user's addresses. */
  private checkRange(start: bigint, length: bigint, outside: 'EINVAL' | 'ENOMEM'): bigint {
    const { layout } = this.memory;
    if ((start & 0xfffn) !== 0n || length <= 0n) throw new LinuxError('EINVAL');
    if (length > layout.userEnd || start > layout.userEnd - pageUp(length)) throw new LinuxError(outside);
    return start + pageUp(length);
  }
}
