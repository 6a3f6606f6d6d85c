import type { Exemption } from './compare.ts';

/** Where qemu-aarch64 and this machine may both be right, each with the clause that lets them, or where qemu is wrong. */
export const EXEMPTIONS: readonly Exemption[] = [];
