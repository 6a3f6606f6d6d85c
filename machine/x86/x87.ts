import type { Helper } from '../isa.ts';
import { X87_ENVIRONMENT } from './x87-environment.ts';
import { X87_FUNCTIONS } from './x87-functions.ts';
import { X87_MOVES } from './x87-moves.ts';
import { X87_OPERATIONS } from './x87-operations.ts';

/** Helpers of x87, FXSAVE and XSAVE. */
export const X87_HELPERS: Readonly<Record<string, Helper>> = {
  ...X87_MOVES,
  ...X87_OPERATIONS,
  ...X87_FUNCTIONS,
  ...X87_ENVIRONMENT,
};
