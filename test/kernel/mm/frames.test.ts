import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World } from './world.ts';

describe('frames', () => {
  it('the lowest free goes first, zeroed', () => {
    const { frames, physical } = new World().memory;
    const [a, b, c] = [frames.allocate(), frames.allocate(), frames.allocate()];
    expect([b, c]).toEqual([a + 1n, a + 2n]);
    physical.write(a, 5, Uint8Array.of(1, 2, 3));
    for (const frame of [b, a]) expect(frames.release(frame)).toBe(true);
    expect([frames.allocate(), frames.allocate(), frames.allocate()]).toEqual([a, b, c + 1n]);
    expect(physical.read(a).every((byte) => byte === 0)).toBe(true);
  });

  it('references are counted; the last one frees', () => {
    const { frames } = new World().memory;
    const frame = frames.allocate();
    frames.retain(frame);
    expect([frames.references(frame), frames.release(frame), frames.references(frame), frames.release(frame)]).toEqual([
      2,
      false,
      1,
      true,
    ]);
    expect(() => frames.release(frame)).toThrow('not in use');
    expect(() => frames.retain(frame)).toThrow('not in use');
  });

  it('ENOMEM at the limit, and where RAM ends', () => {
    const { frames } = new World().memory;
    frames.limit = frames.used + 1;
    frames.allocate();
    expect(() => frames.allocate()).toThrow('ENOMEM');
    frames.limit = Number.MAX_SAFE_INTEGER;
    while (frames.free > 0) frames.allocate();
    expect(frames.used).toBe(1024);
    expect(() => frames.allocate()).toThrow('ENOMEM');
  });

  it('gives out what a sorted list would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 200 }), (commands) => {
        const { frames } = new World().memory;
        const base = frames.allocate();
        const held: bigint[] = [];
        const free = Array.from({ length: 300 }, (_, i) => base + 1n + BigInt(i));
        for (const [take, pick] of commands) {
          if (take || held.length === 0) {
            const frame = frames.allocate();
            expect(frame).toBe(free.shift());
            held.push(frame);
          } else {
            const [frame] = held.splice(pick % held.length, 1);
            frames.release(frame);
            free.push(frame);
            free.sort((a, b) => Number(a - b));
          }
        }
      }),
      { numRuns: 25, seed: 20261121 },
    );
  });

  it('counts what it zeroed, copied and freed', () => {
    const { frames } = new World().memory;
    const before = [frames.zeroed, frames.copied, frames.freed];
    const frame = frames.allocate();
    frames.release(frames.allocateCopy(frame));
    expect([frames.zeroed, frames.copied, frames.freed].map((n, i) => n - before[i])).toEqual([1, 1, 1]);
  });
});
