// Advanced SIMD on floating-point numbers (Arm ARM C4.1.96), vectors and scalars alike.
import { A64_SIMD_FLOAT_ARITHMETIC } from './a64-simd-float-arithmetic.ts';
import { A64_SIMD_FLOAT_COMPARE } from './a64-simd-float-compare.ts';
import { A64_SIMD_FLOAT_CONVERT } from './a64-simd-float-convert.ts';
import { A64_SIMD_FLOAT_ELEMENT } from './a64-simd-float-element.ts';

export const A64_SIMD_FLOAT = [
  ...A64_SIMD_FLOAT_ARITHMETIC,
  ...A64_SIMD_FLOAT_ELEMENT,
  ...A64_SIMD_FLOAT_COMPARE,
  ...A64_SIMD_FLOAT_CONVERT,
];
