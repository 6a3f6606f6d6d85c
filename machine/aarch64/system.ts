import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { SLOTS } from './registers.ts';

export const SYSTEM_HELPERS: Readonly<Record<string, Helper>> = {};

export const readSystem = (hart: Hart, name: string): bigint => hart.get(SLOTS.get(name));

export const writeSystem = (hart: Hart, name: string, value: bigint): void => hart.set(SLOTS.get(name), value);

export function perform(_hart: Hart, operation: string): void {
  throw new Error(`no instruction ${operation}`);
}
