import { describe, expect, it } from 'vitest';
import { readBytes, writeBytes } from '../../../kernel/mm/kernel-access.ts';
import { accessUserMemory } from '../../../kernel/mm/user-access.ts';
import { AT, RO, World } from './world.ts';

const PAGE = 4096n;
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);

/** Writes then reads back through the hart; what arrived of each. */
function roundTrip(w: World, address: bigint, length: number): { wrote: number; read: number; same: boolean } {
  const from = pattern(length);
  const into = new Uint8Array(length);
  return accessUserMemory(w.memory, w.hart, () => {
    const wrote = writeBytes(w.memory, w.hart, address, from);
    const read = readBytes(w.memory, w.hart, address, into);
    return { wrote, read, same: from.subarray(0, wrote).every((byte, i) => into[i] === byte) };
  });
}

describe('copies report how far they got', () => {
  // Three pages are mapped from AT on, nothing behind them.
  const END = AT + 3n * PAGE;
  it.each([
    ['aligned, within a page', AT, 64, 64],
    ['misaligned at both ends', AT + 3n, 57, 57],
    ['nothing', AT, 0, 0],
    ['across two page boundaries', AT + 4090n, 4110, 4110],
    ['up to the last byte', END - 9n, 9, 9],
    ['over the end from an aligned start', END - 16n, 24, 16],
    ['over the end from a misaligned start', END - 13n, 64, 13],
    ['over the end by one byte', END - 8n, 9, 8],
    ['wholly outside', END, 8, 0],
    ['from a byte before the start', AT - 1n, 8, 0],
    ['up to 2^64', 2n ** 64n - 8n, 16, 0],
  ])('%s', (_name, address, length, expected) => {
    const w = new World();
    w.map(AT, 3);
    expect(roundTrip(w, address, length)).toEqual({ wrote: expected, read: expected, same: true });
  });

  it('every start and length around a boundary between present, absent and missing pages', () => {
    const w = new World();
    w.map(AT, 2);
    for (let start = -9; start <= 9; start++) {
      for (let length = 0; length <= 20; length++) {
        const address = AT + 2n * PAGE + BigInt(start);
        const expected = Math.max(0, Math.min(length, -start));
        expect(roundTrip(w, address, length), `${start} ${length}`).toEqual({
          wrote: expected,
          read: expected,
          same: true,
        });
      }
    }
  });

  it('a write stops at a page that may only be read, and leaves it as it was', () => {
    const w = new World();
    w.map(AT, 1);
    w.map(AT + PAGE, 1, RO);
    const wrote = accessUserMemory(w.memory, w.hart, () => writeBytes(w.memory, w.hart, AT + PAGE - 5n, pattern(10)));
    expect([wrote, w.load(AT + PAGE), w.load(AT + PAGE - 5n, 1)]).toEqual([5, 0n, 1n]);
  });

  it('each page faults once, at the kernel’s pc, in supervisor mode', () => {
    const w = new World();
    w.map(AT, 3);
    accessUserMemory(w.memory, w.hart, () => readBytes(w.memory, w.hart, AT + 1n, new Uint8Array(3 * 4096 - 2)));
    expect(w.handled.map(({ info, nested }) => [info.address, info.instructionPointer, nested])).toEqual(
      [AT + 1n, AT + PAGE, AT + 2n * PAGE].map((address) => [address, w.memory.accessGate, true]),
    );
    expect(w.memory.accessGate).toBe(0xffff_ffc0_4000_0900n);
  });

  it('works through every paging scheme', () => {
    for (const mode of ['sv39', 'sv48', 'sv57'] as const) {
      const w = new World({ mode });
      const address = w.memory.layout.userEnd - 2n * PAGE;
      w.map(address, 2);
      expect(roundTrip(w, address + 1n, 8190)).toEqual({ wrote: 8190, read: 8190, same: true });
      expect(w.load(w.memory.layout.userEnd - 1n, 8)).toBe('SIGSEGV SEGV_MAPERR');
    }
  });
});
