/**
 * Integer, memory and system rows under qemu-aarch64; semantics-simd.test.ts and semantics-float.test.ts have the others.
 * Of one row file alone: `FAULTLINE_ROWS=a64-loads npx vitest run test/machine/aarch64/semantics`; FAULTLINE_ROWS may also
 * be the beginning of a syntax (`FAULTLINE_ROWS='ldp '`). Cases are made from the table: from patterns, and from the
 * registers and addresses that a block reads (semantics/cases.ts). Differences that are right are listed in
 * semantics/exemptions.ts, with their clause.
 */
import { A64_ATOMICS } from '../../../machine/aarch64/a64-atomics.ts';
import { A64_BRANCHES } from '../../../machine/aarch64/a64-branches.ts';
import { A64_DATA_IMMEDIATE } from '../../../machine/aarch64/a64-data-immediate.ts';
import { A64_DATA_REGISTER } from '../../../machine/aarch64/a64-data-register.ts';
import { A64_LOADS } from '../../../machine/aarch64/a64-loads.ts';
import { A64_SIMD_LOADS } from '../../../machine/aarch64/a64-simd-loads.ts';
import { A64_SYSTEM } from '../../../machine/aarch64/a64-system.ts';
import { EXEMPTIONS } from './semantics/exemptions.ts';
import { compareRows } from './semantics/suite.ts';

compareRows(
  {
    'a64-data-immediate': A64_DATA_IMMEDIATE,
    'a64-data-register': A64_DATA_REGISTER,
    'a64-branches': A64_BRANCHES,
    'a64-loads': A64_LOADS,
    'a64-atomics': A64_ATOMICS,
    'a64-simd-loads': A64_SIMD_LOADS,
    'a64-system': A64_SYSTEM,
  },
  EXEMPTIONS,
);
