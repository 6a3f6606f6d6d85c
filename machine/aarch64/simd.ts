import type { Helper } from '../isa.ts';

/** Helpers of Advanced SIMD rows on integers: what the IR's lane operations cannot say. */
export const SIMD_HELPERS: Readonly<Record<string, Helper>> = {};
