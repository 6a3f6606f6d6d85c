// Advanced SIMD on floating-point numbers (Arm ARM C4.1.96).
import type { Row } from '../decode/index.ts';

export const A64_SIMD_FLOAT: readonly Row[] = [];
