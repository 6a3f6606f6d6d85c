/**
 * Integer, x87 and system rows on the host's own processor and under qemu-x86_64; semantics-vector.test.ts has those of
 * MMX and SSE. Cases are made from the table: from opcodes, and from the registers and addresses that operands name
 * (semantics/cases.ts). FAULTLINE_ROWS is a regular expression over `opcode mnemonic operands` that leaves out the others.
 * Differences that are right are listed in semantics/exemptions.ts, with their clause; flags that have no right value in
 * semantics/undefined.ts; rows that no process can be asked of in semantics/excluded.ts.
 */
import { compareAll, isVector } from './semantics/suite.ts';

compareAll((row) => !isVector(row));
