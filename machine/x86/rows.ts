import type { Row } from './row.ts';
import { X86_ARITHMETIC } from './x86-arithmetic.ts';
import { X86_MMX } from './x86-mmx.ts';
import { X86_SSE_CONVERT } from './x86-sse-convert.ts';
import { X86_SSE_FLOAT } from './x86-sse-float.ts';
import { X86_SSE_INTEGER } from './x86-sse-integer.ts';
import { X86_SSE_LOGIC } from './x86-sse-logic.ts';
import { X86_SSE_MOVES } from './x86-sse-moves.ts';
import { X86_SSE_STRINGS } from './x86-sse-strings.ts';
import { X86_SYSTEM } from './x86-system.ts';

/** Every row of x86-64, by group. */
export const ROWS: readonly Row[] = [
  ...X86_ARITHMETIC,
  ...X86_SYSTEM,
  ...X86_SSE_INTEGER,
  ...X86_SSE_MOVES,
  ...X86_SSE_STRINGS,
  ...X86_MMX,
  ...X86_SSE_LOGIC,
  ...X86_SSE_FLOAT,
  ...X86_SSE_CONVERT,
];
