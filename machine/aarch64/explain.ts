import { type Explanation, type FieldRow, fieldsOf } from '../trap.ts';
import { EC, setsFar } from './causes.ts';

/** The registers of an exception to EL1. */
export const TRAP_REGISTERS = [['esr_el1', 'far_el1', 'elr_el1', 'spsr_el1']] as const;

/** ESR_EL1.EC (Arm ARM D17.2.37). */
const CLASSES: Readonly<Record<number, string>> = {
  [EC.unknown]: 'undefined instruction (unknown reason)',
  [EC.wfx]: 'trapped WFI or WFE',
  [EC.simdFp]: 'trapped access to SVE, Advanced SIMD or floating point',
  13: 'branch target exception',
  [EC.illegalState]: 'illegal execution state',
  [EC.svc]: 'SVC instruction',
  [EC.systemRegister]: 'trapped MSR, MRS or system instruction',
  25: 'trapped SVE access',
  28: 'pointer authentication failure',
  [EC.instructionLower]: 'instruction abort from a lower exception level',
  [EC.instructionSame]: 'instruction abort from the same exception level',
  [EC.pcAlignment]: 'PC alignment fault',
  [EC.dataLower]: 'data abort from a lower exception level',
  [EC.dataSame]: 'data abort from the same exception level',
  [EC.spAlignment]: 'SP alignment fault',
  [EC.floatingPoint]: 'trapped floating-point exception',
  47: 'SError interrupt',
  [EC.breakpointLower]: 'breakpoint from a lower exception level',
  [EC.breakpointSame]: 'breakpoint from the same exception level',
  [EC.stepLower]: 'software step from a lower exception level',
  [EC.stepSame]: 'software step from the same exception level',
  [EC.watchpointLower]: 'watchpoint from a lower exception level',
  [EC.watchpointSame]: 'watchpoint from the same exception level',
  [EC.brk]: 'BRK instruction',
};

/** The status codes that carry a level in their low two bits, by the four others (table "DFSC"). */
const LEVELLED = ['address size fault', 'translation fault', 'access flag fault', 'permission fault'];
const STATUS: Readonly<Record<number, string>> = {
  16: 'synchronous external abort',
  17: 'synchronous tag check fault',
  24: 'synchronous parity or ECC error',
  33: 'alignment fault',
  34: 'debug exception',
  48: 'TLB conflict abort',
  49: 'unsupported atomic hardware update fault',
  52: 'lockdown fault',
  53: 'unsupported exclusive or atomic access',
};

/** DFSC and IFSC in words, the level included. */
export function faultStatus(code: number): string {
  const level = code & 3;
  if (code < 16) return `${LEVELLED[code >> 2]}, level ${level}`;
  if (code >= 20 && code <= 23) return `external abort on the walk, level ${level}`;
  if (code >= 28 && code <= 31) return `parity or ECC error on the walk, level ${level}`;
  return STATUS[code] ?? 'reserved';
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const says = (no: string, yes: string) => (value: bigint) => `${value}, ${value === 0n ? no : yes}`;
const status = (value: bigint): string => `${hex(value)}, ${faultStatus(Number(value))}`;

const ISV: FieldRow = ['ISV', 24, 24, says('no instruction syndrome', 'instruction syndrome')];
const FNV: FieldRow = ['FnV', 10, 10, says('FAR is valid', 'FAR is not valid')];
const EA: FieldRow = ['EA', 9, 9];
const S1PTW: FieldRow = ['S1PTW', 7, 7, says('not a stage 2 fault on a walk', 'a stage 2 fault on a walk')];
const CM: FieldRow = ['CM', 8, 8, says('no cache maintenance', 'cache maintenance or address translation')];
const WNR: FieldRow = ['WnR', 6, 6, says('read', 'write')];
const CONDITION: readonly FieldRow[] = [
  ['CV', 24, 24],
  ['COND', 23, 20],
];

/** The ISS by exception class. */
function issRows(ec: number): readonly FieldRow[] {
  switch (ec) {
    case EC.instructionLower:
    case EC.instructionSame:
      return [['SET', 12, 11], FNV, EA, S1PTW, ['IFSC', 5, 0, status]];
    case EC.dataLower:
    case EC.dataSame:
      return [ISV, ['SET', 12, 11], FNV, EA, CM, S1PTW, WNR, ['DFSC', 5, 0, status]];
    case EC.watchpointLower:
    case EC.watchpointSame:
      return [CM, WNR, ['DFSC', 5, 0, status]];
    case EC.breakpointLower:
    case EC.breakpointSame:
      return [['IFSC', 5, 0, status]];
    case EC.stepLower:
    case EC.stepSame:
      return [
        ['ISV', 24, 24, says('EX is not valid', 'EX is valid')],
        ['EX', 6, 6, says('not a load-exclusive', 'a load-exclusive was stepped')],
        ['IFSC', 5, 0, status],
      ];
    case EC.svc:
      return [['imm16', 15, 0, hex]];
    case EC.brk:
      return [['Comment', 15, 0, hex]];
    case EC.wfx:
      return [...CONDITION, ['TI', 1, 0, (value) => ['WFI', 'WFE', 'WFIT', 'WFET'][Number(value)]]];
    case EC.simdFp:
      return CONDITION;
    case EC.systemRegister:
      return [
        ['Op0', 21, 20],
        ['Op2', 19, 17],
        ['Op1', 16, 14],
        ['CRn', 13, 10],
        ['Rt', 9, 5],
        ['CRm', 4, 1],
        ['Direction', 0, 0, says('write (MSR, SYS)', 'read (MRS, SYSL)')],
      ];
    case EC.floatingPoint:
      return [
        ['TFV', 23, 23, says('the flags are not valid', 'the flags are valid')],
        ['VECITR', 10, 8],
        ['IDF', 7, 7],
        ['IXF', 4, 4],
        ['UFF', 3, 3],
        ['OFF', 2, 2],
        ['DZF', 1, 1],
        ['IOF', 0, 0],
      ];
    default:
      return [];
  }
}

const className = (ec: number): string => CLASSES[ec] ?? `exception class ${ec}`;

function esrRows(ec: number): readonly FieldRow[] {
  return [
    ['EC', 31, 26, (value) => `${hex(value)}, ${className(Number(value))}`],
    ['IL', 25, 25, says('16-bit instruction', '32-bit instruction, or none')],
    ...issRows(ec),
  ];
}

/** The exception level and stack pointer in SPSR_EL1.M. */
const MODES: Readonly<Record<string, string>> = { 0: 'EL0t', 4: 'EL1t', 5: 'EL1h' };
const masked = says('open', 'masked');

/** SPSR_EL1, of an exception from AArch64 (Arm ARM C5.2, "SPSR_EL1"). */
const SPSR: readonly FieldRow[] = [
  ['N', 31, 31],
  ['Z', 30, 30],
  ['C', 29, 29],
  ['V', 28, 28],
  ['TCO', 25, 25],
  ['DIT', 24, 24],
  ['UAO', 23, 23],
  ['PAN', 22, 22, says('user pages open', 'user pages closed')],
  ['SS', 21, 21],
  ['IL', 20, 20],
  ['SSBS', 12, 12],
  ['BTYPE', 11, 10],
  ['D', 9, 9, masked],
  ['A', 8, 8, masked],
  ['I', 7, 7, masked],
  ['F', 6, 6, masked],
  ['M', 4, 0, (value) => MODES[`${value}`] ?? `${hex(value)}, ${value >= 16n ? 'AArch32' : 'reserved'}`],
];

function farWords(esr: bigint, ec: number): string {
  if (!setsFar(ec)) return 'not set by this class of exception';
  const abort = ec !== EC.pcAlignment;
  return abort && ((esr >> 10n) & 1n) === 1n ? 'not valid: FnV is set' : 'the faulting virtual address';
}

/** ESR_EL1, FAR_EL1, ELR_EL1 and SPSR_EL1, field by field. */
export function explain(values: ReadonlyMap<string, bigint>): Explanation {
  const esr = values.get('esr_el1') ?? 0n;
  const ec = Number((esr >> 26n) & 0x3fn);
  const rows = (name: string): readonly FieldRow[] => {
    switch (name) {
      case 'esr_el1':
        return esrRows(ec);
      case 'far_el1':
        return [['FAR', 63, 0, () => farWords(esr, ec)]];
      case 'elr_el1':
        return [['ELR', 63, 0, () => 'the preferred return address']];
      default:
        return SPSR;
    }
  };
  const registers = TRAP_REGISTERS[0].flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ name, value, fields: fieldsOf(value, rows(name)) }];
  });
  return { registers, summary: summary(esr, ec) };
}

/** What a data abort's instruction did; with CM set WnR says nothing. */
function accessWords(esr: bigint): string {
  if (((esr >> 8n) & 1n) === 1n) return 'cache maintenance or address translation';
  return ((esr >> 6n) & 1n) === 1n ? 'write' : 'read';
}

/** One phrase: what faulted and how, or the class. */
function summary(esr: bigint, ec: number): string {
  const fsc = Number(esr & 0x3fn);
  switch (ec) {
    case EC.instructionLower:
    case EC.instructionSame:
      return `instruction abort: ${faultStatus(fsc)}`;
    case EC.dataLower:
    case EC.dataSame:
      return `data abort: ${faultStatus(fsc)}, ${accessWords(esr)}`;
    default:
      return className(ec);
  }
}
