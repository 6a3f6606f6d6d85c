// Advanced SIMD on integers (Arm ARM C4.1.96).
import type { Row } from '../decode/index.ts';

export const A64_SIMD: readonly Row[] = [];
