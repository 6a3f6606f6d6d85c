// Advanced SIMD on integers (Arm ARM C4.1.96), in the manual's groups.
import type { Row } from '../decode/index.ts';
import { SIMD_COPY } from './a64-simd-copy.ts';
import { SIMD_ELEMENT } from './a64-simd-element.ts';
import { SIMD_IMMEDIATE } from './a64-simd-immediate.ts';
import { SIMD_MISC } from './a64-simd-misc.ts';
import { SIMD_SHIFT } from './a64-simd-shift.ts';
import { SIMD_THREE_DIFFERENT } from './a64-simd-three-different.ts';
import { SIMD_THREE_SAME } from './a64-simd-three-same.ts';

export const A64_SIMD: readonly Row[] = [
  ...SIMD_THREE_SAME,
  ...SIMD_THREE_DIFFERENT,
  ...SIMD_MISC,
  ...SIMD_COPY,
  ...SIMD_IMMEDIATE,
  ...SIMD_SHIFT,
  ...SIMD_ELEMENT,
];
