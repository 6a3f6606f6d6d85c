import type { Row } from './row.ts';
import { X86_ARITHMETIC } from './x86-arithmetic.ts';
import { X86_BITS } from './x86-bits.ts';
import { X86_BRANCH } from './x86-branch.ts';
import { X86_DATA } from './x86-data.ts';
import { X86_EXCHANGE } from './x86-exchange.ts';
import { X86_MMX } from './x86-mmx.ts';
import { X86_MULTIPLY } from './x86-multiply.ts';
import { X86_SHIFT } from './x86-shift.ts';
import { X86_SSE_CONVERT } from './x86-sse-convert.ts';
import { X86_SSE_FLOAT } from './x86-sse-float.ts';
import { X86_SSE_INTEGER } from './x86-sse-integer.ts';
import { X86_SSE_LOGIC } from './x86-sse-logic.ts';
import { X86_SSE_MOVES } from './x86-sse-moves.ts';
import { X86_SSE_STRINGS } from './x86-sse-strings.ts';
import { X86_STACK } from './x86-stack.ts';
import { X86_STRING } from './x86-string.ts';
import { X86_SYSTEM } from './x86-system.ts';
import { X86_UNARY } from './x86-unary.ts';
import { X86_X87 } from './x86-x87.ts';

/** Every row of x86-64, by group. */
export const ROWS: readonly Row[] = [
  ...X86_DATA,
  ...X86_STACK,
  ...X86_BRANCH,
  ...X86_ARITHMETIC,
  ...X86_UNARY,
  ...X86_SHIFT,
  ...X86_BITS,
  ...X86_MULTIPLY,
  ...X86_EXCHANGE,
  ...X86_STRING,
  ...X86_SYSTEM,
  ...X86_SSE_INTEGER,
  ...X86_SSE_MOVES,
  ...X86_SSE_STRINGS,
  ...X86_MMX,
  ...X86_SSE_LOGIC,
  ...X86_SSE_FLOAT,
  ...X86_SSE_CONVERT,
  ...X86_X87,
];
