import type { Row } from './row.ts';
import { X86_ARITHMETIC } from './x86-arithmetic.ts';

/** Every row of x86-64, by group. */
export const ROWS: readonly Row[] = [...X86_ARITHMETIC];
