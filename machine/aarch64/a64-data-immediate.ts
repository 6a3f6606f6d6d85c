// Data processing, immediate (Arm ARM C4.1.92).
import type { Row } from '../decode/index.ts';

export const A64_DATA_IMMEDIATE: readonly Row[] = [];
