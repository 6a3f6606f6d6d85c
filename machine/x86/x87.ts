import type { Helper } from '../isa.ts';
export const X87_HELPERS: Record<string, Helper> = {};
