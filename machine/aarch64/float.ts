import type { Helper } from '../isa.ts';

/** Helpers of scalar and vector floating-point rows. */
export const FLOAT_HELPERS: Readonly<Record<string, Helper>> = {};
