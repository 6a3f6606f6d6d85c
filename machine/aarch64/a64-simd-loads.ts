// Loads and stores of SIMD and floating-point registers (Arm ARM C4.1.94).
import type { Row } from '../decode/index.ts';

export const A64_SIMD_LOADS: readonly Row[] = [];
