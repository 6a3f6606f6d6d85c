import type { Helper } from '../isa.ts';
import { ACROSS, MISC } from './simd-misc.ts';
import { SAME, SAME_BY_ELEMENT, SHIFT_BY_IMMEDIATE } from './simd-same.ts';
import type { Operation } from './simd-vector.ts';
import { NARROWING, WIDENING } from './simd-widths.ts';

/** What the IR's lane operations cannot say of Advanced SIMD on integers. */
export const OPERATIONS = {
  ...SAME,
  ...SAME_BY_ELEMENT,
  ...SHIFT_BY_IMMEDIATE,
  ...MISC,
  ...ACROSS,
  ...WIDENING,
  ...NARROWING,
} as const satisfies Record<string, Operation>;

/** Helpers of Advanced SIMD rows on integers, each named after its operation. */
export const SIMD_HELPERS: Readonly<Record<string, Helper>> = Object.fromEntries(
  Object.entries<Operation>(OPERATIONS).map(([name, { run }]) => [`simd.${name}`, run]),
);
