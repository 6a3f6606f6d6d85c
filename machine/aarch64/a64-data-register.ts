// Data processing, register (Arm ARM C4.1.95).
import type { Row } from '../decode/index.ts';

export const A64_DATA_REGISTER: readonly Row[] = [];
