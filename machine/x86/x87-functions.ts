import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { type Control, fromInteger, type Result } from './x87-arithmetic.ts';
import { C1, type Extended, INDEFINITE, isNan, take } from './x87-number.ts';
import { controlOf, noted } from './x87-operand.ts';
import { overflowsPair, replaceAndPush, unary, underflowsPair } from './x87-operations.ts';
import { C2, getSt, isEmpty, pop, report, setConditions, setSt, underflows } from './x87-state.ts';
import {
  arcTangent,
  logarithm,
  logarithmPlusOne,
  powerMinusOne,
  sineAndCosine,
  tangent,
} from './x87-transcendental.ts';

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

/** Helpers of the transcendental instructions. */
export const X87_FUNCTIONS: Readonly<Record<string, Helper>> = {
  x87PowerMinusOne: unary(powerMinusOne),
  x87ArcTangent: toSecond((x, y, control) => arcTangent(y, x, control)),
  x87Logarithm: toSecond(logarithm),
  x87LogarithmPlusOne: toSecond(logarithmPlusOne),
  x87Trigonometric: trigonometric,
  x87SineCosine: sineCosine,
  x87Tangent: partialTangent,
};
