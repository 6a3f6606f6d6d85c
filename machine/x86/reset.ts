import type { Hart } from '../hart.ts';
import { apicBaseAtReset } from './apic.ts';
import { CR0, DR6_ONES, DR7_ONES } from './control.ts';
import { updateMode } from './mode.ts';
import { ATTRIBUTES, LIMIT, MXCSR, SEGMENT, SELECTOR, SLOTS } from './registers.ts';

/** Attributes of present segments: flat code of 32 and 64 bits, flat data, an LDT, and a busy TSS. */
export const CODE_32_ATTRIBUTES = 0xc09b;
export const CODE_64_ATTRIBUTES = 0xa09b;
export const DATA_ATTRIBUTES = 0xc093;
const LDT_ATTRIBUTES = 0x82;
const TSS_ATTRIBUTES = 0x8b;

/** Selectors of the flat segments that a hart starts with; there is no descriptor table behind them. */
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;

/** Entries 0 to 7: WB, WT, UC−, UC, and the same again (SDM vol. 3A, 12.12.4). */
const PAT_AT_RESET = 0x0007_0406_0007_0406n;
const TABLE_LIMIT = 0xffff;
const MXCSR_AT_RESET = 0x1f80;
const FCW_AFTER_FINIT = 0x37f;

/** Flat segments that hold all of the 32-bit address space; `code` is CS's attributes. */
export function loadFlatSegments(hart: Hart, code: number): void {
  for (const segment of [SEGMENT.es, SEGMENT.cs, SEGMENT.ss, SEGMENT.ds, SEGMENT.fs, SEGMENT.gs]) {
    hart.set32(SELECTOR[segment], segment === SEGMENT.cs ? CODE_SELECTOR : DATA_SELECTOR);
    hart.set32(LIMIT[segment], -1);
    hart.set32(ATTRIBUTES[segment], segment === SEGMENT.cs ? code : DATA_ATTRIBUTES);
  }
}

/**
 * As firmware leaves a hart whose reset (SDM vol. 3A, table 10-1) began in real-address mode, which there is none of here:
 * in protected mode with flat segments of 32 bits at CPL 0, paging and interrupts off. All else is zero already.
 */
export function reset(hart: Hart): void {
  hart.set(SLOTS.get('cr0'), CR0.PE | CR0.ET);
  loadFlatSegments(hart, CODE_32_ATTRIBUTES);
  hart.set32(ATTRIBUTES[SEGMENT.ldtr], LDT_ATTRIBUTES);
  hart.set32(ATTRIBUTES[SEGMENT.tr], TSS_ATTRIBUTES);
  hart.set32(LIMIT[SEGMENT.ldtr], TABLE_LIMIT);
  hart.set32(LIMIT[SEGMENT.tr], TABLE_LIMIT);
  hart.set(SLOTS.get('dr6'), DR6_ONES);
  hart.set(SLOTS.get('dr7'), DR7_ONES);
  hart.set(SLOTS.get('pat'), PAT_AT_RESET);
  hart.set(SLOTS.get('apic_base'), apicBaseAtReset(hart));
  hart.set(SLOTS.get('xcr0'), 1n);
  hart.set32(MXCSR, MXCSR_AT_RESET);
  hart.set32(SLOTS.get('fcw'), FCW_AFTER_FINIT);
  updateMode(hart);
}
