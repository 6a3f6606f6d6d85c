import { type AccessShape, accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { AF, BASE, CF, CODE_64, CODE_MODE, OF, PF, SEGMENT, SF as SIGN_FLAG, SLOTS, T, ZF } from './registers.ts';
import {
  add,
  type Control,
  compare,
  divide,
  extract,
  fromInteger,
  multiply,
  type Result,
  remainder,
  roundToInteger,
  scale,
  squareRoot,
  subtract,
  toInteger,
} from './x87-arithmetic.ts';
import {
  C1,
  DE,
  DOUBLE,
  type Extended,
  IE,
  INDEFINITE,
  isNan,
  narrowNan,
  OE,
  PE,
  packNarrow,
  round,
  SF,
  SIGN,
  SINGLE,
  type Target,
  take,
  UE,
  widen,
  ZE,
} from './x87-number.ts';
import {
  C0,
  C2,
  C3,
  FSW,
  getSt,
  isEmpty,
  masksOf,
  pop,
  precisionOf,
  push,
  report,
  roundingOf,
  setConditions,
  setEmpty,
  setSt,
  setTop,
  topOf,
  underflows,
} from './x87-state.ts';
import {
  arcTangent,
  constant,
  logarithm,
  logarithmPlusOne,
  powerMinusOne,
  sineAndCosine,
  tangent,
} from './x87-transcendental.ts';

const FIP = SLOTS.get('fip');
const FDP = SLOTS.get('fdp');
const FOP = SLOTS.get('fop');

/** Operands in memory by number: floats of 4, 8 and 10 bytes, integers of 2, 4 and 8, and packed decimals of 10. */
export const MEMORY = { m32: 0, m64: 1, m80: 2, i16: 3, i32: 4, i64: 5, bcd: 6 } as const;
export const MEMORY_BYTES = [4, 8, 10, 2, 4, 8, 10] as const;
const INTEGER_BITS = [0, 0, 0, 16, 32, 64] as const;

const controlOf = (hart: Hart): Control => ({
  precision: precisionOf(hart),
  rounding: roundingOf(hart),
  masks: masksOf(hart),
});

/** The offset of the operand at T[2] in its segment, FS and GS alone having a base in 64-bit mode. */
function operandOffset(hart: Hart, segment: number): bigint {
  const whole = (hart.get32(CODE_MODE) & 3) === CODE_64;
  const base = whole && segment < SEGMENT.fs ? 0n : hart.get(BASE[segment]);
  return BigInt.asUintN(whole ? 64 : 32, hart.get(T[2]) - base);
}

/**
 * A helper of an instruction that is no control instruction: its opcode, address and operand are kept (SDM vol. 1,
 * 8.1.8). `segment` is that of an operand in memory; −1: it has none.
 */
const noted =
  (operation: (hart: Hart, ...immediates: readonly number[]) => unknown): Helper =>
  (hart, opcode, segment, ...immediates) => {
    if (operation(hart, ...immediates) === false) return false;
    hart.set32(FOP, opcode);
    hart.set(FIP, hart.pc);
    if (segment >= 0) hart.set(FDP, operandOffset(hart, segment));
    return true;
  };

/** The number in T[0] and T[1] that was loaded from memory. */
function memoryOperand(hart: Hart, kind: number): Result {
  const low = hart.get(T[0]);
  switch (kind) {
    case MEMORY.m32:
      return widen(low, SINGLE);
    case MEMORY.m64:
      return widen(low, DOUBLE);
    case MEMORY.m80:
      return { value: low | (hart.get(T[1]) << 64n), flags: 0 };
    case MEMORY.bcd:
      return { value: fromDecimal(low | (hart.get(T[1]) << 64n)), flags: 0 };
    default:
      return { value: fromInteger(BigInt.asIntN(INTEGER_BITS[kind], low)), flags: 0 };
  }
}

/** Eighteen decimal digits and a sign; digits above 9 are undefined: they count as what they are. */
function fromDecimal(bits: bigint): Extended {
  let value = 0n;
  for (let k = 17; k >= 0; k--) value = value * 10n + ((bits >> BigInt(4 * k)) & 15n);
  return fromInteger(value) | ((bits >> 79n) & 1n ? SIGN : 0n);
}

function toDecimal(x: Extended, control: Control): Result {
  const indefinite = { value: 0xffff_c000_0000_0000_0000n, flags: IE };
  const whole = toInteger(x, 64, control.rounding);
  const signed = BigInt.asIntN(64, whole.value);
  let magnitude = signed < 0n ? -signed : signed;
  if ((whole.flags & IE) !== 0 || magnitude >= 10n ** 18n) return indefinite;
  let digits = 0n;
  for (let k = 0n; k < 18n; k++, magnitude /= 10n) digits |= (magnitude % 10n) << (4n * k);
  return { value: digits | ((x & SIGN) !== 0n ? 1n << 79n : 0n), flags: whole.flags };
}

/** FLD, FILD, FBLD. A float of 10 bytes is loaded as it is; of another a NaN becomes quiet, unless IE is not masked. */
const load = noted((hart, kind) => {
  const { value, flags } = memoryOperand(hart, kind);
  push(hart, value, flags);
});

/** FLD ST(i). */
const loadRegister = noted((hart, i) => {
  if (isEmpty(hart, i)) {
    if (!underflows(hart)) return;
    setTop(hart, topOf(hart) - 1);
    setSt(hart, 0, INDEFINITE);
  } else push(hart, getSt(hart, i));
});

/** FLD1 and its like. */
const loadConstant = noted((hart, n) => {
  // Constants have 64 bits whatever the precision, and tell of nothing.
  push(hart, constant(n, { precision: 64, rounding: roundingOf(hart), masks: 0x3f }));
});

/** What is stored of ST(0) in memory, and what is to be told of it. */
function stored(hart: Hart, kind: number, truncate: boolean): Result {
  const control = controlOf(hart);
  if (isEmpty(hart, 0)) return { value: indefiniteOf(kind), flags: IE | SF };
  const x = getSt(hart, 0);
  if (kind === MEMORY.m80) return { value: x, flags: 0 };
  if (kind === MEMORY.bcd) return toDecimal(x, control);
  if (kind >= MEMORY.i16) return toInteger(x, INTEGER_BITS[kind], truncate ? 'rtz' : control.rounding);
  return narrowed(x, kind === MEMORY.m32 ? SINGLE : DOUBLE, control);
}

function indefiniteOf(kind: number): bigint {
  if (kind === MEMORY.m32) return 0xffc0_0000n;
  if (kind === MEMORY.m64) return 0xfff8_0000_0000_0000n;
  if (kind === MEMORY.m80) return INDEFINITE;
  if (kind === MEMORY.bcd) return 0xffff_c000_0000_0000_0000n;
  return 1n << BigInt(INTEGER_BITS[kind] - 1);
}

function narrowed(x: Extended, target: Target, { rounding, masks }: Control): Result {
  const a = take(x);
  if (a.kind === 'unsupported') return { value: target === SINGLE ? indefiniteOf(0) : indefiniteOf(1), flags: IE };
  if (isNan(a)) return { value: narrowNan(x, target), flags: a.kind === 'signalling' ? IE : 0 };
  const negative = a.negative;
  if (a.kind === 'zero') return { value: packNarrow({ value: { ...a }, negative, flags: 0 }, target), flags: 0 };
  if (a.kind === 'infinity') return { value: packNarrow({ value: undefined, negative, flags: 0 }, target), flags: 0 };
  const result = round(a, target, rounding, masks);
  return { value: packNarrow(result, target), flags: result.flags };
}

/** The parts in which bytes at T[2] are stored: eight and two of ten, which cross a page as two accesses. */
function partsOf(hart: Hart, bytes: number, onStack: number): readonly (readonly [bigint, AccessShape])[] {
  const traits = onStack === 1 ? { stack: true } : {};
  const address = hart.get(T[2]);
  if (bytes !== 10) return [[address, accessShape('store', bytes, 'plain', traits)]];
  const behind = BigInt.asUintN(64, address + 8n);
  return [
    [address, accessShape('store', 8, 'plain', traits)],
    [behind, accessShape('store', 2, 'plain', traits)],
  ];
}

type StoreParts = ReturnType<typeof partsOf>;

/** Whether all parts can be stored to; false: a trap. */
const areWritable = (hart: Hart, parts: StoreParts): boolean =>
  parts.every(([at, shape]) => hart.memory.loadAs(at, shape) !== undefined);

/** Stores bytes; false: a trap, nothing having changed. */
function storeBytes(hart: Hart, parts: StoreParts, value: bigint): boolean {
  if (parts.length > 1 && !areWritable(hart, parts)) return false;
  return parts.every(([at, shape], i) =>
    hart.memory.storeAs(at, shape, i === 0 ? BigInt.asUintN(64, value) : value >> 64n),
  );
}

/** FST, FSTP, FIST, FISTP, FISTTP, FBSTP; [kind, pops, truncates, on the stack]. */
const store = noted((hart, kind, pops, truncates, onStack) => {
  const { value, flags } = stored(hart, kind, truncates === 1);
  const unmasked = flags & 0x3f & ~masksOf(hart);
  // Nothing is stored, or popped, where an exception other than PE is not masked.
  const holdsBack = (unmasked & (IE | DE | OE | UE)) !== 0;
  const parts = partsOf(hart, MEMORY_BYTES[kind], onStack);
  if (holdsBack ? !areWritable(hart, parts) : !storeBytes(hart, parts, value)) return false;
  // Of what is not stored neither rounding nor its direction is told.
  report(hart, holdsBack ? flags & ~(PE | ((flags & SF) !== 0 ? 0 : C1)) : flags);
  if (!holdsBack && pops === 1) pop(hart);
  return true;
});

/** FST and FSTP of a register. */
const storeRegister = noted((hart, i, pops) => {
  if (isEmpty(hart, 0)) {
    if (!underflows(hart)) return;
    setSt(hart, i, INDEFINITE);
  } else {
    report(hart, 0);
    setSt(hart, i, getSt(hart, 0));
  }
  if (pops === 1) pop(hart);
});

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

/** ST(0) := operation(ST(0)). */
const unary = (operation: (x: Extended, control: Control) => Result) =>
  noted((hart) => {
    if (isEmpty(hart, 0)) {
      if (underflows(hart)) setSt(hart, 0, INDEFINITE);
      return;
    }
    const { value, flags } = operation(getSt(hart, 0), controlOf(hart));
    if (report(hart, flags)) setSt(hart, 0, value);
  });

/** ST(1) := operation(ST(0), ST(1)), and a pop: FPATAN, FYL2X, FYL2XP1. */
const toSecond = (operation: (x: Extended, y: Extended, control: Control) => Result) =>
  noted((hart) => {
    if (isEmpty(hart, 0) || isEmpty(hart, 1)) {
      if (!underflows(hart)) return;
      setSt(hart, 1, INDEFINITE);
    } else {
      const { value, flags } = operation(getSt(hart, 0), getSt(hart, 1), controlOf(hart));
      if (!report(hart, flags)) return;
      setSt(hart, 1, value);
    }
    pop(hart);
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
function replaceAndPush(hart: Hart, first: Extended, second: Extended, flags: number): void {
  if (overflowsPair(hart)) return;
  if (!report(hart, flags)) return;
  setSt(hart, 0, first);
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, second);
}

/** The overflow of those: both results are the indefinite NaN. */
function overflowsPair(hart: Hart): boolean {
  if (isEmpty(hart, 7)) return false;
  if (!report(hart, IE | SF | C1)) return true;
  setSt(hart, 0, INDEFINITE);
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, INDEFINITE);
  return true;
}

/** The underflow of those: both results are the indefinite NaN. */
function underflowsPair(hart: Hart): void {
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

const outOfRange = (hart: Hart): void => {
  report(hart, 0);
  setConditions(hart, C2, C2);
};

/** Of what would push, the stack is looked at first. */
const outOfRangePair = (hart: Hart): void => {
  if (!overflowsPair(hart)) outOfRange(hart);
};

/** FSIN and FCOS. */
const trigonometric = noted((hart, cosine) => {
  if (isEmpty(hart, 0)) {
    setConditions(hart, 0, C2);
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  const angle = sineAndCosine(getSt(hart, 0), controlOf(hart));
  if (!angle) return outOfRange(hart);
  const { value, flags } = cosine === 1 ? angle.cosine : angle.sine;
  setConditions(hart, 0, C2);
  if (report(hart, flags)) setSt(hart, 0, value);
});

const sineCosine = noted((hart) => {
  if (isEmpty(hart, 0)) return underflowsPair(hart);
  const angle = sineAndCosine(getSt(hart, 0), controlOf(hart));
  setConditions(hart, 0, C2);
  if (!angle) return outOfRangePair(hart);
  replaceAndPush(hart, angle.sine.value, angle.cosine.value, angle.sine.flags | (angle.cosine.flags & ~C1));
});

/** FPTAN pushes 1, or the NaN again. */
const partialTangent = noted((hart) => {
  if (isEmpty(hart, 0)) return underflowsPair(hart);
  const result = tangent(getSt(hart, 0), controlOf(hart));
  setConditions(hart, 0, C2);
  if (!result) return outOfRangePair(hart);
  const one = isNan(take(result.value)) ? result.value : fromInteger(1n);
  replaceAndPush(hart, result.value, one, result.flags);
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

/** FXCH: an empty register becomes the indefinite NaN first. */
const exchange = noted((hart, i) => {
  if (isEmpty(hart, 0) || isEmpty(hart, i)) {
    if (!underflows(hart)) return;
    if (isEmpty(hart, 0)) setSt(hart, 0, INDEFINITE);
    if (isEmpty(hart, i)) setSt(hart, i, INDEFINITE);
  } else report(hart, 0);
  const [x, y] = [getSt(hart, 0), getSt(hart, i)];
  setSt(hart, 0, y);
  setSt(hart, i, x);
});

/** FCMOVcc: the condition is in T[0]. */
const conditionalMove = noted((hart, i) => {
  if (isEmpty(hart, 0) || isEmpty(hart, i)) {
    if (underflows(hart)) setSt(hart, 0, INDEFINITE);
    return;
  }
  if (hart.get(T[0]) !== 0n) setSt(hart, 0, getSt(hart, i));
});

/** FFREE, and FFREEP where `pops`. */
const free = noted((hart, i, pops) => {
  setEmpty(hart, i);
  setConditions(hart, 0, C1);
  if (pops === 1) pop(hart);
});

/** FINCSTP and FDECSTP. */
const rotate = noted((hart, by) => {
  setTop(hart, topOf(hart) + by);
  setConditions(hart, 0, C1);
});

const nothing = noted(() => {});

/** Helpers of the instructions that compute. */
export const X87_OPERATIONS: Readonly<Record<string, Helper>> = {
  x87Load: load,
  x87LoadRegister: loadRegister,
  x87LoadConstant: loadConstant,
  x87Store: store,
  x87StoreRegister: storeRegister,
  x87Operate: operate,
  x87OperateMemory: operateMemory,
  x87Compare: compareWith,
  x87CompareFlags: compareFlags,
  x87Test: test,
  x87Examine: examine,
  x87SquareRoot: unary(squareRoot),
  x87RoundToInteger: unary(roundToInteger),
  x87PowerMinusOne: unary(powerMinusOne),
  x87ArcTangent: toSecond((x, y, control) => arcTangent(y, x, control)),
  x87Logarithm: toSecond(logarithm),
  x87LogarithmPlusOne: toSecond(logarithmPlusOne),
  x87Scale: scaleBySecond,
  x87Remainder: partialRemainder,
  x87Extract: extractParts,
  x87Trigonometric: trigonometric,
  x87SineCosine: sineCosine,
  x87Tangent: partialTangent,
  x87ChangeSign: changeSign,
  x87Exchange: exchange,
  x87ConditionalMove: conditionalMove,
  x87Free: free,
  x87Rotate: rotate,
  x87Nothing: nothing,
};
