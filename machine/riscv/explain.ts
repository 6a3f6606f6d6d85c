import { type Explanation, type FieldRow, fieldsOf } from '../trap.ts';
import { CAUSE, CAUSE_NAMES, INTERRUPT_NAMES } from './causes.ts';

/** The registers of a trap to S-mode and to M-mode. */
export const TRAP_REGISTERS = [
  ['scause', 'stval', 'sepc', 'sstatus'],
  ['mcause', 'mtval', 'mepc', 'mstatus'],
] as const;

const INTERRUPT_BIT = 1n << 63n;
const MODES: Readonly<Record<string, string>> = { 0: 'user', 1: 'supervisor', 3: 'machine' };

const mode = (value: bigint): string => MODES[`${value}`] ?? 'reserved';
const UNITS = ['off', 'initial', 'clean', 'dirty'];
const unit = (value: bigint): string => UNITS[Number(value)];
const endian = (value: bigint): string => (value === 0n ? 'little-endian' : 'big-endian');
const xlen = (value: bigint): string => (value === 0n ? 'reserved' : `${16n << value} bits`);

/** sstatus (Priv. spec 12.1.1). */
const SSTATUS: readonly FieldRow[] = [
  ['SIE', 1, 1],
  ['SPIE', 5, 5],
  ['UBE', 6, 6, endian],
  ['SPP', 8, 8, mode],
  ['VS', 10, 9, unit],
  ['FS', 14, 13, unit],
  ['XS', 16, 15, unit],
  ['SUM', 18, 18],
  ['MXR', 19, 19],
  ['UXL', 33, 32, xlen],
  ['SD', 63, 63],
];

/** mstatus (Priv. spec 3.1.6): what sstatus has, and more. */
const MSTATUS: readonly FieldRow[] = [
  ...SSTATUS,
  ['MIE', 3, 3],
  ['MPIE', 7, 7],
  ['MPP', 12, 11, mode],
  ['MPRV', 17, 17],
  ['TVM', 20, 20],
  ['TW', 21, 21],
  ['TSR', 22, 22],
  ['SXL', 35, 34, xlen],
  ['SBE', 36, 36, endian],
  ['MBE', 37, 37, endian],
].toSorted((a, b) => Number(a[2]) - Number(b[2])) as readonly FieldRow[];

/** scause and mcause in words (Priv. spec 3.1.15, 12.1.8). */
export function causeName(cause: bigint): string {
  const code = Number(cause & ~INTERRUPT_BIT);
  return (cause & INTERRUPT_BIT) !== 0n
    ? (INTERRUPT_NAMES[code] ?? `interrupt ${code}`)
    : (CAUSE_NAMES[code] ?? `exception ${code}`);
}

/** What stval and mtval hold, by cause (Priv. spec 12.1.9). */
function valueWords(cause: bigint, value: bigint): string {
  switch (cause) {
    case BigInt(CAUSE.illegalInstruction):
      return value === 0n ? 'nothing' : 'the instruction’s bits';
    case BigInt(CAUSE.breakpoint):
      return value === 0n ? 'nothing' : 'the address of the breakpoint';
    case BigInt(CAUSE.instructionMisaligned):
    case BigInt(CAUSE.loadMisaligned):
    case BigInt(CAUSE.storeMisaligned):
      return 'the misaligned address';
    case BigInt(CAUSE.instructionAccess):
    case BigInt(CAUSE.loadAccess):
    case BigInt(CAUSE.storeAccess):
    case BigInt(CAUSE.instructionPage):
    case BigInt(CAUSE.loadPage):
    case BigInt(CAUSE.storePage):
      return 'the address of the part of the access that faulted';
    default:
      return value === 0n ? 'nothing' : 'not defined for this cause';
  }
}

/** scause, stval, sepc and sstatus, or their M-mode twins, field by field. */
export function explain(values: ReadonlyMap<string, bigint>): Explanation {
  const names = TRAP_REGISTERS.find(([first]) => values.has(first)) ?? TRAP_REGISTERS[0];
  const [causeRegister, valueRegister, pcRegister] = names;
  const cause = values.get(causeRegister) ?? 0n;
  const rows = (name: string, value: bigint): readonly FieldRow[] => {
    switch (name) {
      case causeRegister:
        return [
          ['Interrupt', 63, 63],
          ['Exception Code', 62, 0, (code) => `${code}, ${causeName(cause)}`],
        ];
      case valueRegister:
        return [[valueRegister, 63, 0, () => valueWords(cause, value)]];
      case pcRegister:
        return [[pcRegister, 63, 0, () => 'the pc of the instruction that trapped']];
      default:
        return name === 'sstatus' ? SSTATUS : MSTATUS;
    }
  };
  const registers = names.flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ name, value, fields: fieldsOf(value, rows(name, value)) }];
  });
  return { registers, summary: causeName(cause) };
}
