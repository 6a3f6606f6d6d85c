import { LinuxError } from '../abi/errno.ts';
import type { Memory } from './memory.ts';

/**
 * The frames (4 KiB pages of RAM) that the kernel gives out, reference-counted. The lowest free frame goes first, so
 * every run gives out the same ones. Frames are physical page numbers.
 */
export class FrameAllocator {
  private readonly memory: Memory;
  /** The first frame, and the one after the last. */
  readonly first: bigint;
  readonly end: bigint;
  /** Most frames that may be in use at once. */
  limit: number;
  /** Frames ever zeroed for an allocation, copied on write, and freed. */
  zeroed = 0;
  copied = 0;
  freed = 0;
  /** References of each frame in use. */
  private readonly counts = new Map<bigint, number>();
  /** Frames from here on were never given out; those below and free are in a heap, the lowest first. */
  private fresh: bigint;
  private readonly heap: bigint[] = [];

  constructor(memory: Memory, first: bigint, end: bigint) {
    this.memory = memory;
    this.first = first;
    this.end = end;
    this.fresh = first;
    this.limit = Number(end - first);
  }

  /** A frame of zeroes with one reference. Throws ENOMEM. */
  allocate(): bigint {
    const frame = this.take();
    this.memory.physical.zero(frame);
    this.zeroed++;
    return frame;
  }

  /** A frame holding a copy of another, with one reference. Throws ENOMEM. */
  allocateCopy(of: bigint): bigint {
    const frame = this.take();
    this.memory.physical.copy(of, frame);
    this.copied++;
    return frame;
  }

  retain(frame: bigint): void {
    this.counts.set(frame, this.references(frame) + 1);
  }

  /** Drops a reference; the last one frees the frame. True: freed. */
  release(frame: bigint): boolean {
    const count = this.references(frame);
    if (count > 1) {
      this.counts.set(frame, count - 1);
      return false;
    }
    this.counts.delete(frame);
    this.push(frame);
    this.freed++;
    this.memory.changes?.push({ kind: 'frame', action: 'freed', frame });
    return true;
  }

  /** References of a frame in use; of any other, a bug of the caller's. */
  references(frame: bigint): number {
    const count = this.counts.get(frame);
    if (count === undefined) throw new Error(`frame ${frame.toString(16)} is not in use`);
    return count;
  }

  /** Frames in use, and frames that can still be given out. */
  get used(): number {
    return this.counts.size;
  }

  get free(): number {
    return Math.max(0, Math.min(this.limit, Number(this.end - this.first)) - this.used);
  }

  private take(): bigint {
    if (this.free === 0) throw new LinuxError('ENOMEM');
    const frame = this.heap.length > 0 ? this.pop() : this.fresh++;
    this.counts.set(frame, 1);
    return frame;
  }

  private push(frame: bigint): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(frame);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= frame) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = frame;
  }

  private pop(): bigint {
    const { heap } = this;
    const lowest = heap[0];
    const last = heap.pop() ?? lowest;
    const { length } = heap;
    if (length === 0) return lowest;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= last) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return lowest;
  }
}
