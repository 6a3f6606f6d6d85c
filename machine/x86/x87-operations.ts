import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { AF, CF, OF, PF, SF as SIGN_FLAG, ZF } from './registers.ts';
import {
  add,
  type Control,
  compare,
  divide,
  extract,
  multiply,
  type Result,
  remainder,
  roundToInteger,
  scale,
  squareRoot,
  subtract,
} from './x87-arithmetic.ts';
import { C1, DE, type Extended, IE, INDEFINITE, isNan, SF, SIGN, take, ZE } from './x87-number.ts';
import { controlOf, memoryOperand, noted } from './x87-operand.ts';
import {
  C0,
  C2,
  C3,
  FSW,
  getSt,
  isEmpty,
  masksOf,
  pop,
  report,
  setConditions,
  setSt,
  setTop,
  topOf,
  underflows,
} from './x87-state.ts';

/** Arithmetic by the digit of its opcode: FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR. */
const ARITHMETIC = [
  add,
  multiply,
  undefined,
  undefined,
  subtract,
  (x: Extended, y: Extended, c: Control) => subtract(y, x, c),
  divide,
  (x: Extended, y: Extended, c: Control) => divide(y, x, c),
] as const;

function arithmetic(hart: Hart, digit: number, x: Extended, y: Extended): Result {
  const operation = ARITHMETIC[digit];
  if (!operation) throw new Error(`x87 arithmetic ${digit}`);
  return operation(x, y, controlOf(hart));
}

/** ST(to) := ST(to) op ST(from); [digit, to, from, pops]. */
const operate = noted((hart, digit, to, from, pops) => {
  if (isEmpty(hart, to) || isEmpty(hart, from)) {
    if (!underflows(hart)) return;
    setSt(hart, to, INDEFINITE);
  } else {
    const { value, flags } = arithmetic(hart, digit, getSt(hart, to), getSt(hart, from));
    if (!report(hart, flags)) return;
    setSt(hart, to, value);
  }
  if (pops === 1) pop(hart);
});

/** ST(0) := ST(0) op memory; [digit, kind]. */
const operateMemory = noted((hart, digit, kind) => {
  if (isEmpty(hart, 0)) {
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  const operand = memoryOperand(hart, kind);
  // A signalling NaN is made quiet by the operation, which is then the one to tell of it.
  const raw = (operand.flags & IE) !== 0 ? operand.value & ~(1n << 62n) : operand.value;
  const { value, flags } = arithmetic(hart, digit, getSt(hart, 0), raw);
  const denormal = (flags & (IE | ZE)) !== 0 || isNan(take(getSt(hart, 0))) ? 0 : operand.flags & DE;
  if (report(hart, flags | denormal)) setSt(hart, 0, value);
});

/** FCOM and FUCOM, with a register or, where `kind` is not −1, memory; [kind, i, quietly, pops]. */
const compareWith = noted((hart, kind, i, quietly, pops) => {
  const empty = isEmpty(hart, 0) || (kind < 0 && isEmpty(hart, i));
  if (empty) {
    setConditions(hart, C0 | C2 | C3);
    if (!underflows(hart)) return;
  } else {
    const operand = kind < 0 ? { value: getSt(hart, i), flags: 0 } : memoryOperand(hart, kind);
    const raw = (operand.flags & IE) !== 0 ? operand.value & ~(1n << 62n) : operand.value;
    const { zf, pf, cf, flags } = compare(getSt(hart, 0), raw, quietly === 1);
    const denormal = pf === 1 ? 0 : operand.flags & DE;
    const done = report(hart, flags | denormal);
    setConditions(hart, (cf ? C0 : 0) | (pf ? C2 : 0) | (zf ? C3 : 0), C0 | C2 | C3);
    if (!done) return;
  }
  for (let k = 0; k < pops; k++) pop(hart);
});

/** FCOMI and FUCOMI; [i, quietly, pops]. */
const compareFlags = noted((hart, i, quietly, pops) => {
  const empty = isEmpty(hart, 0) || isEmpty(hart, i);
  const result = empty
    ? { zf: 1, pf: 1, cf: 1, flags: IE | SF }
    : compare(getSt(hart, 0), getSt(hart, i), quietly === 1);
  const c1 = hart.get32(FSW) & C1;
  const done = report(hart, result.flags);
  // C1 is that of a stack underflow, or stays.
  if (!empty) setConditions(hart, c1, C1);
  hart.set32(ZF, result.zf);
  hart.set32(PF, result.pf === 1 ? 0 : 1);
  hart.set32(CF, result.cf);
  for (const flag of [OF, SIGN_FLAG, AF]) hart.set32(flag, 0);
  if (done && pops === 1) pop(hart);
});

/** FTST. */
const test = noted((hart) => {
  if (isEmpty(hart, 0)) {
    setConditions(hart, C0 | C2 | C3);
    underflows(hart);
    return;
  }
  const { zf, pf, cf, flags } = compare(getSt(hart, 0), 0n, false);
  report(hart, flags);
  setConditions(hart, (cf ? C0 : 0) | (pf ? C2 : 0) | (zf ? C3 : 0), C0 | C2 | C3);
});

/** FXAM (SDM vol. 2A, table 3-46). */
const examine = noted((hart) => {
  const x = getSt(hart, 0);
  const a = take(x);
  const codes = {
    unsupported: 0,
    quiet: C0,
    signalling: C0,
    finite: a.denormal ? C2 | C3 : C2,
    infinity: C0 | C2,
    zero: C3,
  }[a.kind];
  setConditions(hart, (isEmpty(hart, 0) ? C0 | C3 : codes) | ((x & SIGN) !== 0n ? C1 : 0));
});

/** FABS and FCHS. */
const changeSign = noted((hart, absolute) => {
  if (isEmpty(hart, 0)) {
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  report(hart, 0);
  const x = getSt(hart, 0);
  setSt(hart, 0, absolute === 1 ? x & ~SIGN : x ^ SIGN);
});

/** ST(0) := operation(ST(0)). */
export const unary = (operation: (x: Extended, control: Control) => Result) =>
  noted((hart) => {
    if (isEmpty(hart, 0)) {
      if (underflows(hart)) setSt(hart, 0, INDEFINITE);
      return;
    }
    const { value, flags } = operation(getSt(hart, 0), controlOf(hart));
    if (report(hart, flags)) setSt(hart, 0, value);
  });

/** FSCALE: ST(0) by ST(1). */
const scaleBySecond = noted((hart) => {
  if (isEmpty(hart, 0) || isEmpty(hart, 1)) {
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  const { value, flags } = scale(getSt(hart, 0), getSt(hart, 1), controlOf(hart));
  if (report(hart, flags)) setSt(hart, 0, value);
});

/** FPREM, and FPREM1 where `nearest`: C0, C3 and C1 are bits 2, 1 and 0 of the quotient, C2 that it is not complete. */
const partialRemainder = noted((hart, nearest) => {
  if (isEmpty(hart, 0) || isEmpty(hart, 1)) {
    setConditions(hart, 0, C2);
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  const { value, flags, quotient, complete } = remainder(getSt(hart, 0), getSt(hart, 1), nearest === 1, masksOf(hart));
  setConditions(hart, 0, C2);
  if (!report(hart, flags)) return;
  if (quotient === undefined) {
    setSt(hart, 0, value);
    return;
  }
  if (complete) {
    setConditions(hart, (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0));
  } else setConditions(hart, C2);
  setSt(hart, 0, value);
});

/** Replaces ST(0) by one value and pushes another: FXTRACT, FPTAN, FSINCOS. */
export function replaceAndPush(hart: Hart, first: Extended, second: Extended, flags: number): void {
  if (overflowsPair(hart)) return;
  if (!report(hart, flags)) return;
  setSt(hart, 0, first);
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, second);
}

/** The overflow of those: both results are the indefinite NaN. */
export function overflowsPair(hart: Hart): boolean {
  if (isEmpty(hart, 7)) return false;
  if (!report(hart, IE | SF | C1)) return true;
  setSt(hart, 0, INDEFINITE);
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, INDEFINITE);
  return true;
}

/** The underflow of those: both results are the indefinite NaN. */
export function underflowsPair(hart: Hart): void {
  setConditions(hart, 0, C2);
  if (!underflows(hart)) return;
  setSt(hart, 0, INDEFINITE);
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, INDEFINITE);
}

const extractParts = noted((hart) => {
  if (isEmpty(hart, 0)) {
    const c2 = hart.get32(FSW) & C2;
    underflowsPair(hart);
    return setConditions(hart, c2, C2);
  }
  const { exponent, significand, flags } = extract(getSt(hart, 0));
  replaceAndPush(hart, exponent, significand, flags);
});

/** Helpers of the instructions that calculate and compare. */
export const X87_OPERATIONS: Readonly<Record<string, Helper>> = {
  x87Operate: operate,
  x87OperateMemory: operateMemory,
  x87Compare: compareWith,
  x87CompareFlags: compareFlags,
  x87Test: test,
  x87Examine: examine,
  x87SquareRoot: unary(squareRoot),
  x87RoundToInteger: unary(roundToInteger),
  x87Scale: scaleBySecond,
  x87Remainder: partialRemainder,
  x87Extract: extractParts,
  x87ChangeSign: changeSign,
};
