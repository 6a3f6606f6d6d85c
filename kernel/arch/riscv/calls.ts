import { genericCalls } from '../../abi/generic-calls.ts';

/** Names of riscv64 Linux's system calls by number: the generic ones and the two of RISC-V itself. */
export const CALL_NAMES: ReadonlyMap<number, string> = genericCalls([
  [258, 'riscv_hwprobe'],
  [259, 'riscv_flush_icache'],
]);
