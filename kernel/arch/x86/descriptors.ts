import type { Hart } from '../../../machine/index.ts';
import { GATE } from '../arch.ts';
import { SELECTOR } from './registers.ts';

// The tables that every hart has for itself, in a page with its GDT, its TSS and a stack for double faults; the IDT and
// the kernel's stack have a page each.

const PAGE = 4096n;
/** Where the TSS lies in the hart's page: TR points there, and so do the kernel's GS. */
const TSS_OFFSET = 0x80n;
/** Bytes of a 64-bit TSS (SDM vol. 3A, 8.7). */
const TSS_BYTES = 104;
const RSP0 = 4n;
const IST1 = 36n;
const IO_MAP_BASE = 102n;
/** The IST entry of double faults, whose cause may be the stack. */
const DOUBLE_FAULT = 8;
const DOUBLE_FAULT_IST = 1n;
/** Exceptions that user code may cause by instruction: INT3 and INTO. */
const USER_GATES: ReadonlySet<number> = new Set([3, 4]);

/** Segment descriptors of the GDT from selector 0 on: base 0 and, in 64-bit mode, no limit. */
const SEGMENTS: readonly bigint[] = [
  0n,
  // 32-bit code: what a hart passes on its way to 64-bit mode.
  0x00cf_9b00_0000_ffffn,
  0x00af_9b00_0000_ffffn,
  0x00cf_9300_0000_ffffn,
  0n,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
];
/** Bytes of the GDT: behind the segments, at its selector, the TSS's descriptor of 16 bytes. */
export const GDT_LIMIT = Number(SELECTOR.tss) + 15;
export const IDT_LIMIT = 256 * 16 - 1;

/** Where a hart's tables lie, by virtual address in the direct map. */
export interface Tables {
  readonly gdt: bigint;
  readonly idt: bigint;
  readonly tss: bigint;
}

/** A descriptor of an available 64-bit TSS, low and high half (SDM vol. 3A, figure 8-4). */
function tssDescriptor(base: bigint): readonly [bigint, bigint] {
  const low = BigInt(TSS_BYTES - 1) | ((base & 0xff_ffffn) << 16n) | (0x89n << 40n) | (((base >> 24n) & 0xffn) << 56n);
  return [low, base >> 32n];
}

/** An interrupt gate, low and high half (SDM vol. 3A, figure 6-8). */
export function interruptGate(target: bigint, dpl: bigint, ist: bigint): readonly [bigint, bigint] {
  const low =
    (target & 0xffffn) |
    (SELECTOR.kernelCode << 16n) |
    (ist << 32n) |
    ((0x8en | (dpl << 5n)) << 40n) |
    (((target >> 16n) & 0xffffn) << 48n);
  return [low, target >> 32n];
}

/**
 * Writes a hart's tables to three frames of zeroes, by physical address: `store` takes it and 8 bytes. `gate` is the
 * gate's virtual address; vector n leads 8·n bytes into it.
 */
export function writeTables(
  frames: { readonly own: bigint; readonly idt: bigint; readonly stack: bigint },
  directMap: bigint,
  gate: bigint,
  store: (physical: bigint, value: bigint) => void,
): Tables {
  const own = frames.own << 12n;
  const idt = frames.idt << 12n;
  const tss = directMap + own + TSS_OFFSET;
  SEGMENTS.forEach((descriptor, i) => {
    store(own + BigInt(i * 8), descriptor);
  });
  tssDescriptor(tss).forEach((half, i) => {
    store(own + SELECTOR.tss + BigInt(i * 8), half);
  });
  // Fields of 8 bytes that begin at 4 and 36: each is written in two words that hold its halves.
  const words = new Map<bigint, bigint>();
  const field = (offset: bigint, value: bigint) => {
    const at = offset & ~7n;
    const shift = (offset & 7n) * 8n;
    words.set(at, (words.get(at) ?? 0n) | BigInt.asUintN(64, value << shift));
    if (shift !== 0n) words.set(at + 8n, (words.get(at + 8n) ?? 0n) | (value >> (64n - shift)));
  };
  field(RSP0, directMap + (frames.stack << 12n) + PAGE);
  field(IST1, directMap + own + PAGE);
  // No I/O permission map: it would begin behind the segment's limit.
  field(IO_MAP_BASE, BigInt(TSS_BYTES));
  for (const [offset, value] of words) if (offset < TSS_BYTES) store(own + TSS_OFFSET + offset, value);
  for (let vector = 0; vector < 256; vector++) {
    const dpl = USER_GATES.has(vector) ? 3n : 0n;
    const ist = vector === DOUBLE_FAULT ? DOUBLE_FAULT_IST : 0n;
    interruptGate(gate + BigInt(GATE.trap + 8 * vector), dpl, ist).forEach((half, i) => {
      store(idt + BigInt(vector * 16 + i * 8), half);
    });
  }
  return { gdt: directMap + own, idt: directMap + idt, tss };
}

/** The hart's own tables, which the kernel's GS base points at: where TR says that the TSS lies. */
export const ownTables = (hart: Hart): bigint => hart.get(hart.isa.slots.get('tr_base'));

/** The top of the hart's kernel stack, from its TSS. */
export function kernelStack(hart: Hart): bigint {
  const top = hart.memory.load(ownTables(hart) + RSP0, 8);
  if (top === undefined) throw new Error('the TSS cannot be read');
  return top;
}
