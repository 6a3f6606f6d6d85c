import { accessAt, accessShape, type Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Syndrome } from '../trap.ts';
import { VECTOR } from './causes.ts';
import type { DeliveredEvent } from './deliver.ts';
import { explain } from './explain.ts';
import { in64BitMode, inLongMode } from './mode.ts';
import { BASE, CPL, R, RCX, RSP, SEGMENT, SLOTS } from './registers.ts';

const FRAME = SLOTS.get('frame');
const FRAME_KIND = SLOTS.get('frame_kind');
const CR2 = SLOTS.get('cr2');

/** What `frame_kind` has: the vector in bits 8:0, and these. */
const HAS_ERROR = 1 << 9;
const INTERRUPT = 1 << 10;
/** In place of a vector: SYSCALL, which has none. A kernel that completes frames may put it there too. */
const NO_VECTOR = 0x100;

/** Notes the frame that was just pushed, to find it again where nothing has moved the stack pointer. */
export function noteFrame(hart: Hart, { vector, error }: DeliveredEvent): void {
  const kind = vector | (error === undefined ? 0 : HAS_ERROR) | (hart.trap.interrupt ? INTERRUPT : 0);
  hart.set(FRAME, hart.get(RSP));
  hart.set32(FRAME_KIND, kind);
}

/** SYSCALL pushes nothing: RIP and RFLAGS are in RCX and R11. */
export function noteSystemCall(hart: Hart): void {
  hart.set(FRAME, hart.get(RSP));
  hart.set32(FRAME_KIND, NO_VECTOR);
}

const BYTE = accessShape('load', 1);

/** The word of so many bytes at a linear address, as the hart's own loads would find it, without any change; 0 where there is none. */
function peek(hart: Hart, address: bigint, size: number): bigint {
  const { mmu } = hart.isa;
  const access = accessAt(BYTE, mmu.privilege(hart, 'load'));
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) {
    const at = BigInt.asUintN(64, address + BigInt(i));
    const { result } = mmu.walk(hart, at, access);
    if ('fault' in result) return 0n;
    const offset = hart.bus.ram.offset((result.ppn << 12n) + (at & ((result.pages << 12n) - 1n)), 1);
    if (offset < 0) return 0n;
    value = (value << 8n) | BigInt(hart.bus.ram.bytes[offset]);
  }
  return value;
}

const FRAME_WORDS = ['rip', 'cs', 'rflags', 'rsp', 'ss'] as const;

/**
 * The frame at the stack pointer: as it was pushed or, where code has moved the pointer since, as kernels complete it, with
 * an error code always and the vector below.
 */
function readFrame(hart: Hart): Map<string, bigint> {
  const kind = hart.get32(FRAME_KIND);
  const raw = hart.get(FRAME) === hart.get(RSP);
  const values = new Map<string, bigint>();
  if (raw && (kind & 0x1ff) === NO_VECTOR) return values.set('rcx', hart.get(RCX)).set('r11', hart.get(R[11]));
  const size = inLongMode(hart) ? 8 : 4;
  const base = in64BitMode(hart) ? 0n : hart.get(BASE[SEGMENT.ss]);
  let at = base + hart.get(RSP);
  const next = () => {
    const value = peek(hart, at, size);
    at += BigInt(size);
    return value;
  };
  if (raw) values.set('vector', BigInt(kind & 0xff));
  else values.set('vector', next());
  if (!raw || (kind & HAS_ERROR) !== 0) values.set('error', next());
  for (const name of FRAME_WORDS) {
    // Outside long mode RSP and SS are pushed where the privilege changed.
    const changed = size === 8 || Number((values.get('cs') ?? 0n) & 3n) !== hart.get32(CPL);
    if (changed || (name !== 'rsp' && name !== 'ss')) values.set(name, next());
  }
  if (raw || values.get('vector') !== BigInt(NO_VECTOR)) return values;
  return new Map([
    ['rcx', values.get('rip') ?? 0n],
    ['r11', values.get('rflags') ?? 0n],
  ]);
}

/** Fields that records tell, by register; `explain` has them all. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  error: ['P', 'W/R', 'U/S', 'RSVD', 'I/D', 'PK', 'index', 'TI', 'IDT', 'EXT'],
  cs: ['CPL'],
  rflags: ['AC'],
};
/** Exceptions that push an error code which says something. */
const SPEAKING: ReadonlySet<number> = new Set([VECTOR.TS, VECTOR.NP, VECTOR.SS, VECTOR.GP, VECTOR.PF]);

/** The event last delivered, from its frame, raw and in words. */
export function syndrome(hart: Hart, to: Privilege): Syndrome {
  if (to === 'machine') throw new Error(`no trap is delivered to ${to} mode`);
  const values = readFrame(hart);
  const vector = values.has('vector') ? Number(values.get('vector')) : undefined;
  if (vector === undefined || !SPEAKING.has(vector)) values.delete('error');
  if (vector === VECTOR.PF) values.set('cr2', hart.get(CR2));
  const { registers, summary } = explain(values);
  return {
    registers: registers.map(({ name, value }) => ({ name, value })),
    fields: registers.flatMap(({ name: register, fields }) =>
      fields.filter(({ name }) => TOLD[register]?.includes(name)).map(({ name, text }) => ({ register, name, text })),
    ),
    summary,
    ...(vector === undefined ? {} : { code: vector }),
  };
}
