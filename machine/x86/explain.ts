import { type Explanation, type FieldRow, fieldsOf } from '../trap.ts';
import { PF_ERROR, VECTOR } from './causes.ts';

const REST = ['error', 'cr2', 'rip', 'cs', 'rflags', 'rsp', 'ss'] as const;
/** SYSCALL has no vector and pushes nothing: RIP and RFLAGS are in RCX and R11 (SDM vol. 2B, SYSCALL). */
const SYSCALL = ['rcx', 'r11'] as const;
/**
 * What tells of an event: its vector, and the frame that was pushed with CR2. An error code without a vector is read as a
 * page fault's.
 */
export const TRAP_REGISTERS: readonly (readonly string[])[] = [['vector', ...REST], REST, SYSCALL];
/** Bits of those that have fewer than 64. */
export const TRAP_REGISTER_BITS: ReadonlyMap<string, number> = new Map([
  ['vector', 8],
  ['cs', 16],
  ['ss', 16],
]);

/** Exceptions by vector (SDM vol. 3A, table 6-1). */
const NAMES: Readonly<Record<number, string>> = {
  [VECTOR.DE]: '#DE, divide error',
  [VECTOR.DB]: '#DB, debug exception',
  [VECTOR.NMI]: 'NMI interrupt',
  [VECTOR.BP]: '#BP, breakpoint',
  [VECTOR.OF]: '#OF, overflow',
  [VECTOR.BR]: '#BR, bound range exceeded',
  [VECTOR.UD]: '#UD, invalid opcode',
  [VECTOR.NM]: '#NM, device not available',
  [VECTOR.DF]: '#DF, double fault',
  [VECTOR.TS]: '#TS, invalid TSS',
  [VECTOR.NP]: '#NP, segment not present',
  [VECTOR.SS]: '#SS, stack-segment fault',
  [VECTOR.GP]: '#GP, general protection',
  [VECTOR.PF]: '#PF, page fault',
  [VECTOR.MF]: '#MF, x87 floating-point error',
  [VECTOR.AC]: '#AC, alignment check',
  [VECTOR.MC]: '#MC, machine check',
  [VECTOR.XM]: '#XM, SIMD floating-point exception',
};
/** Vectors from here on are interrupts'. */
const FIRST_INTERRUPT = 32;
const VECTORS = 256;

/** An event's name. */
export function exceptionName(vector: number): string {
  if (vector >= VECTORS) return 'no vector: there are 256';
  return NAMES[vector] ?? (vector < FIRST_INTERRUPT ? `reserved vector ${vector}` : `interrupt ${vector}`);
}

/** Exceptions whose error code names a selector or a gate (SDM vol. 3A, 6.13). */
const NAMES_SELECTOR: ReadonlySet<number> = new Set([VECTOR.TS, VECTOR.NP, VECTOR.SS, VECTOR.GP]);

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const says = (no: string, yes: string) => (value: bigint) => `${value}, ${value === 0n ? no : yes}`;

/** A page fault's error code (SDM vol. 3A, figure 4-12). */
const PAGE_FAULT: readonly FieldRow[] = [
  ['SGX', 15, 15, says('not of SGX', 'of SGX')],
  ['SS', 6, 6, says('no shadow-stack access', 'a shadow-stack access')],
  ['PK', 5, 5, says('no protection key', 'forbidden by a protection key')],
  ['I/D', 4, 4, says('data', 'instruction fetch')],
  ['RSVD', 3, 3, says('no reserved bit', 'a reserved bit is set in an entry')],
  ['U/S', 2, 2, says('supervisor', 'user')],
  ['W/R', 1, 1, says('read', 'write')],
  ['P', 0, 0, says('not present', 'a present page')],
];

/** An error code that names a descriptor (SDM vol. 3A, figure 6-6): IDT, or else TI, says of which table. */
function selectorRows(error: bigint): readonly FieldRow[] {
  const idt = (error & 2n) !== 0n;
  return [
    ['index', 15, 3, (value) => (error >> 2n === 0n ? '0, none' : `${hex(value)}${idt ? `, vector ${value}` : ''}`)],
    ['TI', 2, 2, (value) => (idt ? `${value}, without meaning` : says('GDT', 'LDT')(value))],
    ['IDT', 1, 1, says('a segment', 'a gate of the IDT')],
    ['EXT', 0, 0, says('by the instruction itself', 'while an event was delivered')],
  ];
}

const selector: readonly FieldRow[] = [
  ['index', 15, 3, (value) => hex(value)],
  ['TI', 2, 2, says('GDT', 'LDT')],
  ['RPL', 1, 0],
];

const code: readonly FieldRow[] = [
  ...selector.slice(0, 2),
  ['CPL', 1, 0, (value) => `${value}, ${value === 3n ? 'user' : 'supervisor'}`],
];

const FLAGS: readonly FieldRow[] = [
  ['ID', 21, 21],
  ['VIP', 20, 20],
  ['VIF', 19, 19],
  ['AC', 18, 18, says('alignment not checked; user pages closed under SMAP', 'alignment checked; user pages open')],
  ['VM', 17, 17],
  ['RF', 16, 16],
  ['NT', 14, 14],
  ['IOPL', 13, 12],
  ['OF', 11, 11],
  ['DF', 10, 10],
  ['IF', 9, 9, says('interrupts off', 'interrupts on')],
  ['TF', 8, 8],
  ['SF', 7, 7],
  ['ZF', 6, 6],
  ['AF', 4, 4],
  ['PF', 2, 2],
  ['fixed', 1, 1],
  ['CF', 0, 0],
];

function errorRows(vector: number, error: bigint): readonly FieldRow[] {
  if (vector === VECTOR.PF) return PAGE_FAULT;
  if (NAMES_SELECTOR.has(vector)) return selectorRows(error);
  return [['code', 63, 0, (value) => `${hex(value)}${value === 0n ? '' : ', not as the manual has it'}`]];
}

const whole = (name: string, words: string): readonly FieldRow[] => [[name, 63, 0, () => words]];

function rowsOf(name: string, vector: number, error: bigint): readonly FieldRow[] {
  switch (name) {
    case 'vector':
      return [['vector', 63, 0, () => exceptionName(vector)]];
    case 'error':
      return errorRows(vector, error);
    case 'cr2':
      return whole('CR2', vector === VECTOR.PF ? 'the faulting linear address' : 'not set by this event');
    case 'rip':
      return whole('RIP', 'where the handler returns to');
    case 'rsp':
      return whole('RSP', 'the interrupted stack pointer');
    case 'rcx':
      return whole('RCX', 'RIP, where SYSRET returns to');
    case 'cs':
      return code;
    case 'ss':
      return selector;
    default:
      return FLAGS;
  }
}

/** What a frame with its vector, error code and CR2 says, field by field, or what SYSCALL left. */
export function explain(values: ReadonlyMap<string, bigint>): Explanation {
  const vector = Number(values.get('vector') ?? BigInt(VECTOR.PF));
  const error = values.get('error') ?? 0n;
  const isSyscall = SYSCALL.some((name) => values.has(name));
  const registers = (isSyscall ? SYSCALL : TRAP_REGISTERS[0]).flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ name, value, fields: fieldsOf(value, rowsOf(name, vector, error)) }];
  });
  return { registers, summary: isSyscall ? 'SYSCALL instruction' : summary(vector, values.get('error')) };
}

/** One phrase: what happened and, of a page fault, to which access. */
function summary(vector: number, error: bigint | undefined): string {
  if (vector !== VECTOR.PF || error === undefined) return exceptionName(vector);
  const has = (bit: number) => (error & BigInt(bit)) !== 0n;
  const why = has(PF_ERROR.RSVD)
    ? 'reserved bit'
    : has(PF_ERROR.PK)
      ? 'protection key'
      : has(PF_ERROR.P)
        ? 'protection violation'
        : 'not present';
  const access = has(PF_ERROR.ID) ? 'instruction fetch' : has(PF_ERROR.WR) ? 'write' : 'read';
  return `page fault: ${why}, ${has(PF_ERROR.US) ? 'user' : 'supervisor'} ${access}`;
}
