// x87 (SDM vol. 1, 8; vol. 2D, tables ), and the instructions that keep its state and SSE's.
import type { Builder, I64 } from '../ir/index.ts';
import { condition } from './alu.ts';
import { fault, VECTOR } from './causes.ts';
import type { Decoded } from './decoded.ts';
import { at, cut, effectiveAddress, loadAt, type Place, place, setR, storeAt } from './operand.ts';
import { BASE, CANONICAL_SHIFT, CODE_64, CODE_MODE, FPU_TRAP, MXCSR, SEGMENT, SLOTS, T } from './registers.ts';
import { type Row, row } from './row.ts';
import { requireSse } from './sse-lift.ts';
import { MEMORY, MEMORY_BYTES } from './x87-operand.ts';
import { ES, FCW, FSW } from './x87-state.ts';

/** What a helper of x87 reads and writes. */
const STATE = SLOTS.slots.filter(({ name }) => /^(fpr|f[cs]w|ftw|fop|fip|fdp|[cpazso]f|t[0-2])/.test(name));
const EFFECTS = { reads: STATE, writes: STATE };
/** Of an operand in memory the offset in its segment is kept. */
const MEMORY_EFFECTS = { reads: [...STATE, ...BASE, CODE_MODE], writes: STATE };
const ANYTHING = { reads: SLOTS.slots, writes: SLOTS.slots };
const CR4 = SLOTS.get('cr4');
const OSXSAVE = 1n << 18n;

/** #NM as CR0 says; waiting instructions raise #MF for an exception that waits (SDM vol. 1, 8.6). */
function requireFpu(b: Builder, waits = true): void {
  b.trapIf(b.get32(FPU_TRAP), fault(VECTOR.NM), b.i64(0n));
  if (waits) b.trapIf(b.pure('i32.and', b.get32(FSW), b.i32(ES)), fault(VECTOR.MF), b.i64(0n));
}

/** The 11 bits of an opcode that FOP keeps. */
const opcodeOf = (i: Decoded): number => ((i.opcode & 7) << 8) | i.modrm;

/** The segment of an operand in memory. */
const segmentOf = (i: Decoded): number => i.address?.segment ?? SEGMENT.ds;

type Kind = keyof typeof MEMORY;

/** A waiting instruction by a helper, with registers alone. */
const byHelper =
  (helper: string, immediates: (i: Decoded) => readonly number[] = () => []) =>
  (b: Builder, i: Decoded) => {
    requireFpu(b);
    b.call(helper, [opcodeOf(i), -1, ...immediates(i)], EFFECTS);
  };

/** ST(i) in the low bits of ModRM. */
const sti = (i: Decoded): number => i.modrm & 7;

/** Loads an operand to T[0] and T[1], its address to T[2]. */
function loadOperand(b: Builder, i: Decoded, kind: Kind): void {
  const where = place(b, i, i.operands[0], false);
  const bytes = MEMORY_BYTES[MEMORY[kind]];
  const low = loadAt(b, where, bytes === 10 ? 8 : bytes);
  const high = bytes === 10 ? loadAt(b, behind(b, where, 8), 2) : undefined;
  b.set(T[0], low);
  if (high) b.set(T[1], high);
  b.set(T[2], where.address);
}

const behind = (b: Builder, where: Place, bytes: number): Place => ({
  ...where,
  address: b.add(where.address, b.i64(BigInt(bytes))),
});

/** A helper on an operand in memory, which is told its kind behind other numbers. */
const onMemory =
  (helper: string, kind: Kind, immediates: (kind: number) => readonly number[]) => (b: Builder, i: Decoded) => {
    requireFpu(b);
    loadOperand(b, i, kind);
    b.call(helper, [opcodeOf(i), segmentOf(i), ...immediates(MEMORY[kind])], MEMORY_EFFECTS);
  };

const load = (kind: Kind) => onMemory('x87Load', kind, (number) => [number]);

/** FST and its like: the helper stores, since what is stored, and whether, depends on exceptions. */
const store =
  (kind: Kind, pops: boolean, truncates = false) =>
  (b: Builder, i: Decoded) => {
    requireFpu(b);
    const where = place(b, i, i.operands[0], true);
    b.set(T[2], where.address);
    const onStack = where.traits?.stack ? 1 : 0;
    b.call('x87Store', [opcodeOf(i), segmentOf(i), MEMORY[kind], pops ? 1 : 0, truncates ? 1 : 0, onStack], ANYTHING);
  };

/** The eight operations of D8, DA, DC and DE on memory, by digit. */
const MEMORY_OPERATIONS = ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'];

const memoryOperations = (opcode: string, code: string, kind: Kind, prefix: string): Row[] =>
  MEMORY_OPERATIONS.map((name, digit) => {
    const compares = digit === 2 || digit === 3;
    return row(
      `${opcode} /${digit}`,
      `${prefix}${name.slice(1)} ${code}`,
      compares
        ? onMemory('x87Compare', kind, (number) => [number, 0, 0, digit === 3 ? 1 : 0])
        : onMemory('x87OperateMemory', kind, (number) => [digit, number]),
    );
  });

/** ST(0) := ST(0) op ST(i), and ST(i) := ST(i) op ST(0), whose subtractions and divisions have their names exchanged. */
const toTop = (digit: number) => byHelper('x87Operate', (i) => [digit, 0, sti(i), 0]);
const toRegister = (digit: number, pops: boolean) => byHelper('x87Operate', (i) => [digit, sti(i), 0, pops ? 1 : 0]);

const compare = (quietly: boolean, pops: number) => byHelper('x87Compare', (i) => [-1, sti(i), quietly ? 1 : 0, pops]);
const compareOne = (quietly: boolean) => byHelper('x87Compare', () => [-1, 1, quietly ? 1 : 0, 2]);
const compareFlags = (quietly: boolean, pops: boolean) =>
  byHelper('x87CompareFlags', (i) => [sti(i), quietly ? 1 : 0, pops ? 1 : 0]);
const numbered = (helper: string, ...numbers: number[]) => byHelper(helper, () => numbers);

/** FCMOVcc by the number of a condition of Jcc. */
const conditionalMove = (cc: number) => (b: Builder, i: Decoded) => {
  requireFpu(b);
  b.set(T[0], b.extendI32u(condition(b, cc)));
  b.call('x87ConditionalMove', [opcodeOf(i), -1, sti(i)], EFFECTS);
};

/** A control instruction by a helper; it does not wait. */
const control = (helper: string) => (b: Builder) => {
  requireFpu(b, false);
  b.call(helper, [], EFFECTS);
};

/**
 * The address of an operand of so many bytes that a helper reads or writes. All of it is checked here, against its segment or for
 * being canonical: helpers tell of no segment.
 */
function areaOf(b: Builder, i: Decoded, bytes: number, write: boolean): I64 {
  if (!i.address) throw new Error(`${i.row.mnemonic} has no memory operand`);
  const { address, traits } = at(b, i, i.address.segment, effectiveAddress(b, i), bytes, write);
  if (i.mode !== CODE_64) return address;
  const shift = b.get(CANONICAL_SHIFT);
  for (const byte of [address, b.add(address, b.i64(BigInt(bytes - 1)))]) {
    const outside = b.ne(b.shrS(b.shl(byte, shift), shift), byte);
    b.trapIf(outside, fault(traits?.stack ? VECTOR.SS : VECTOR.GP), b.i64(0n));
  }
  return address;
}

/** Environments and states in memory, of words of 2 or 4 bytes. */
const environment = (helper: string, waits: boolean) => (b: Builder, i: Decoded) => {
  requireFpu(b, waits);
  const word = i.operandSize === 2 ? 2 : 4;
  const bytes = 7 * word + (helper.includes('State') ? 80 : 0);
  b.set(T[2], areaOf(b, i, bytes, helper.includes('Sto') || helper.includes('Save')));
  b.call(helper, [word], ANYTHING);
};

const storeWord = (value: (b: Builder) => ReturnType<Builder['get32']>) => (b: Builder, i: Decoded) => {
  requireFpu(b, false);
  const operand = i.operands[0];
  const word = cut(b, 2, b.extendI32u(value(b)));
  if (operand.kind === 'register') setR(b, operand.number, 2, word);
  else storeAt(b, place(b, i, operand, true), 2, word);
};

const loadControl = (b: Builder, i: Decoded) => {
  requireFpu(b);
  b.set(T[0], loadAt(b, place(b, i, i.operands[0], false), 2));
  b.call('x87LoadControl', [], EFFECTS);
};

/** Bytes of an FXSAVE area, and of an XSAVE area's header behind it (SDM vol. 1, 10.5.1 and 13.4). */
const FXSAVE_BYTES = 512;
const HEADER_BYTES = 64;

/** FXSAVE and XSAVE, which leave exceptions that wait alone; MMX's and SSE's #NM is x87's. */
const area = (helper: string, writes: boolean) => (b: Builder, i: Decoded) => {
  b.trapIf(b.get32(FPU_TRAP), fault(VECTOR.NM), b.i64(0n));
  const extended = helper.startsWith('x');
  if (extended) b.trapIf(b.eq(b.and(b.get(CR4), b.i64(OSXSAVE)), b.i64(0n)), fault(VECTOR.UD), b.i64(0n));
  b.set(T[2], areaOf(b, i, FXSAVE_BYTES + (extended ? HEADER_BYTES : 0), writes));
  b.call(helper, [(i.rex & 8) !== 0 ? 1 : 0], ANYTHING);
};

export const X86_X87: readonly Row[] = [
  ...memoryOperations('D8', 'Md', 'm32', 'f'),
  ...memoryOperations('DC', 'Mq', 'm64', 'f'),
  ...memoryOperations('DA', 'Md', 'i32', 'fi'),
  ...memoryOperations('DE', 'Mw', 'i16', 'fi'),

  row('D8 C0+i', 'fadd ST, STi', toTop(0)),
  row('D8 C8+i', 'fmul ST, STi', toTop(1)),
  row('D8 D0+i', 'fcom STi', compare(false, 0)),
  row('D8 D8+i', 'fcomp STi', compare(false, 1)),
  row('D8 E0+i', 'fsub ST, STi', toTop(4)),
  row('D8 E8+i', 'fsubr ST, STi', toTop(5)),
  row('D8 F0+i', 'fdiv ST, STi', toTop(6)),
  row('D8 F8+i', 'fdivr ST, STi', toTop(7)),
  row('DC C0+i', 'fadd STi, ST', toRegister(0, false)),
  row('DC C8+i', 'fmul STi, ST', toRegister(1, false)),
  row('DC E0+i', 'fsubr STi, ST', toRegister(5, false)),
  row('DC E8+i', 'fsub STi, ST', toRegister(4, false)),
  row('DC F0+i', 'fdivr STi, ST', toRegister(7, false)),
  row('DC F8+i', 'fdiv STi, ST', toRegister(6, false)),
  row('DE C0+i', 'faddp STi, ST', toRegister(0, true)),
  row('DE C8+i', 'fmulp STi, ST', toRegister(1, true)),
  row('DE D9', 'fcompp', compareOne(false)),
  row('DE E0+i', 'fsubrp STi, ST', toRegister(5, true)),
  row('DE E8+i', 'fsubp STi, ST', toRegister(4, true)),
  row('DE F0+i', 'fdivrp STi, ST', toRegister(7, true)),
  row('DE F8+i', 'fdivp STi, ST', toRegister(6, true)),

  row('D9 /0', 'fld Md', load('m32')),
  row('DD /0', 'fld Mq', load('m64')),
  row('DB /5', 'fld Mt', load('m80')),
  row('DF /0', 'fild Mw', load('i16')),
  row('DB /0', 'fild Md', load('i32')),
  row('DF /5', 'fild Mq', load('i64')),
  row('DF /4', 'fbld Mt', load('bcd')),
  row(
    'D9 C0+i',
    'fld STi',
    byHelper('x87LoadRegister', (i) => [sti(i)]),
  ),
  row('D9 /2', 'fst Md', store('m32', false)),
  row('D9 /3', 'fstp Md', store('m32', true)),
  row('DD /2', 'fst Mq', store('m64', false)),
  row('DD /3', 'fstp Mq', store('m64', true)),
  row('DB /7', 'fstp Mt', store('m80', true)),
  row('DF /2', 'fist Mw', store('i16', false)),
  row('DF /3', 'fistp Mw', store('i16', true)),
  row('DB /2', 'fist Md', store('i32', false)),
  row('DB /3', 'fistp Md', store('i32', true)),
  row('DF /7', 'fistp Mq', store('i64', true)),
  row('DF /1', 'fisttp Mw', store('i16', true, true)),
  row('DB /1', 'fisttp Md', store('i32', true, true)),
  row('DD /1', 'fisttp Mq', store('i64', true, true)),
  row('DF /6', 'fbstp Mt', store('bcd', true)),
  row(
    'DD D0+i',
    'fst STi',
    byHelper('x87StoreRegister', (i) => [sti(i), 0]),
  ),
  row(
    'DD D8+i',
    'fstp STi',
    byHelper('x87StoreRegister', (i) => [sti(i), 1]),
  ),
  row(
    'D9 C8+i',
    'fxch STi',
    byHelper('x87Exchange', (i) => [sti(i)]),
  ),
  row(
    'DD C0+i',
    'ffree STi',
    byHelper('x87Free', (i) => [sti(i), 0]),
  ),
  row(
    'DF C0+i',
    'ffreep STi',
    byHelper('x87Free', (i) => [sti(i), 1]),
  ),
  row('DD E0+i', 'fucom STi', compare(true, 0)),
  row('DD E8+i', 'fucomp STi', compare(true, 1)),
  row('DA E9', 'fucompp', compareOne(true)),
  row('DB F0+i', 'fcomi ST, STi', compareFlags(false, false)),
  row('DB E8+i', 'fucomi ST, STi', compareFlags(true, false)),
  row('DF F0+i', 'fcomip ST, STi', compareFlags(false, true)),
  row('DF E8+i', 'fucomip ST, STi', compareFlags(true, true)),
  row('DA C0+i', 'fcmovb ST, STi', conditionalMove(2)),
  row('DA C8+i', 'fcmove ST, STi', conditionalMove(4)),
  row('DA D0+i', 'fcmovbe ST, STi', conditionalMove(6)),
  row('DA D8+i', 'fcmovu ST, STi', conditionalMove(10)),
  row('DB C0+i', 'fcmovnb ST, STi', conditionalMove(3)),
  row('DB C8+i', 'fcmovne ST, STi', conditionalMove(5)),
  row('DB D0+i', 'fcmovnbe ST, STi', conditionalMove(7)),
  row('DB D8+i', 'fcmovnu ST, STi', conditionalMove(11)),

  row('D9 D0', 'fnop', byHelper('x87Nothing')),
  row('D9 E0', 'fchs', numbered('x87ChangeSign', 0)),
  row('D9 E1', 'fabs', numbered('x87ChangeSign', 1)),
  row('D9 E4', 'ftst', byHelper('x87Test')),
  row('D9 E5', 'fxam', byHelper('x87Examine')),
  ...['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].map((name, n) =>
    row(`D9 ${(0xe8 + n).toString(16).toUpperCase()}`, name, numbered('x87LoadConstant', n)),
  ),
  row('D9 F0', 'f2xm1', byHelper('x87PowerMinusOne')),
  row('D9 F1', 'fyl2x', byHelper('x87Logarithm')),
  row('D9 F2', 'fptan', byHelper('x87Tangent')),
  row('D9 F3', 'fpatan', byHelper('x87ArcTangent')),
  row('D9 F4', 'fxtract', byHelper('x87Extract')),
  row('D9 F5', 'fprem1', numbered('x87Remainder', 1)),
  row('D9 F6', 'fdecstp', numbered('x87Rotate', -1)),
  row('D9 F7', 'fincstp', numbered('x87Rotate', 1)),
  row('D9 F8', 'fprem', numbered('x87Remainder', 0)),
  row('D9 F9', 'fyl2xp1', byHelper('x87LogarithmPlusOne')),
  row('D9 FA', 'fsqrt', byHelper('x87SquareRoot')),
  row('D9 FB', 'fsincos', byHelper('x87SineCosine')),
  row('D9 FC', 'frndint', byHelper('x87RoundToInteger')),
  row('D9 FD', 'fscale', byHelper('x87Scale')),
  row('D9 FE', 'fsin', numbered('x87Trigonometric', 0)),
  row('D9 FF', 'fcos', numbered('x87Trigonometric', 1)),

  // FWAIT waits where CR0.MP asks for it; #NM needs TS as well (SDM vol. 2A, WAIT).
  row('9B', 'fwait', (b) => {
    const both = b.pure('i64.eq', b.and(b.get(SLOTS.get('cr0')), b.i64(10n)), b.i64(10n));
    b.trapIf(both, fault(VECTOR.NM), b.i64(0n));
    b.trapIf(b.pure('i32.and', b.get32(FSW), b.i32(ES)), fault(VECTOR.MF), b.i64(0n));
  }),
  row('D9 /4', 'fldenv M', environment('x87LoadEnvironment', true)),
  row('D9 /5', 'fldcw Mw', loadControl),
  row('D9 /6', 'fnstenv M', environment('x87StoreEnvironment', false)),
  row(
    'D9 /7',
    'fnstcw Mw',
    storeWord((b) => b.get32(FCW)),
  ),
  row('DD /4', 'frstor M', environment('x87RestoreState', true)),
  row('DD /6', 'fnsave M', environment('x87SaveState', false)),
  row(
    'DD /7',
    'fnstsw Mw',
    storeWord((b) => b.get32(FSW)),
  ),
  row(
    'DF E0',
    'fnstsw AX',
    storeWord((b) => b.get32(FSW)),
  ),
  row('DB E0', 'fneni', (b) => requireFpu(b, false)),
  row('DB E1', 'fndisi', (b) => requireFpu(b, false)),
  row('DB E2', 'fnclex', control('x87ClearExceptions')),
  row('DB E3', 'fninit', control('x87Initialize')),
  row('DB E4', 'fnsetpm', (b) => requireFpu(b, false)),

  row('NP 0F AE /0', 'fxsave M', area('fxsave', true)),
  row('NP 0F AE /1', 'fxrstor M', area('fxrstor', false)),
  row('NP 0F AE /2', 'ldmxcsr Md', (b, i) => {
    requireSse(b);
    b.set(T[0], loadAt(b, place(b, i, i.operands[0], false), 4));
    b.call('loadMxcsr', [], { reads: [T[0], MXCSR], writes: [MXCSR] });
  }),
  row('NP 0F AE /3', 'stmxcsr Md', (b, i) => {
    requireSse(b);
    storeAt(b, place(b, i, i.operands[0], true), 4, b.extendI32u(b.get32(MXCSR)));
  }),
  row('NP 0F AE /4', 'xsave M', area('xsave', true)),
  row('NP 0F AE /5', 'xrstor M', area('xrstor', false)),
];
