// System instructions and register moves (Arm ARM C4.1.93).
import type { Row } from '../decode/index.ts';

export const A64_SYSTEM: readonly Row[] = [];
