// Exclusives, ordered accesses and atomics (Arm ARM C4.1.94).
import type { Row } from '../decode/index.ts';

export const A64_ATOMICS: readonly Row[] = [];
