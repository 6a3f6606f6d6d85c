// Loads and stores of general-purpose registers (Arm ARM C4.1.94).
import type { Row } from '../decode/index.ts';

export const A64_LOADS: readonly Row[] = [];
