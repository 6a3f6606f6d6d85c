import { type AccessShape, accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { T } from './registers.ts';
import { type Control, type Result, toInteger } from './x87-arithmetic.ts';
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
} from './x87-number.ts';
import { controlOf, INTEGER_BITS, MEMORY, MEMORY_BYTES, memoryOperand, noted } from './x87-operand.ts';
import {
  getSt,
  isEmpty,
  masksOf,
  pop,
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
import { constant } from './x87-transcendental.ts';

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

/** Helpers of the instructions that load, store and move. */
export const X87_MOVES: Readonly<Record<string, Helper>> = {
  x87Load: load,
  x87LoadRegister: loadRegister,
  x87LoadConstant: loadConstant,
  x87Store: store,
  x87StoreRegister: storeRegister,
  x87Exchange: exchange,
  x87ConditionalMove: conditionalMove,
  x87Free: free,
  x87Rotate: rotate,
  x87Nothing: nothing,
};
