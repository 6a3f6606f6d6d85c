// Branches, exception generation and system instructions (Arm ARM C4.1.93).
import type { Row } from '../decode/index.ts';

export const A64_BRANCHES: readonly Row[] = [];
