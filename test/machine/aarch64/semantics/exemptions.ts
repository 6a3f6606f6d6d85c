import { type Difference, type Exemption, last, SIGNAL } from '../../semantics/case.ts';
import { differing } from './compare.ts';
import { OUTPUT } from './layout.ts';

const signal = (words: BigUint64Array) => Number(words[OUTPUT.signal]);
const isVector = (i: number) => i >= OUTPUT.v && i < OUTPUT.nzcv;
const isMemory = (i: number) => i >= OUTPUT.memory;

/** Where qemu-aarch64 and this machine may both be right, each with the clause that lets them, or where qemu is wrong. */
export const EXEMPTIONS: readonly Exemption[] = [
  {
    // qemu looks for the page before it looks at the address.
    clause: 'D1.3.5.5 "Synchronous exception prioritization": PC alignment faults come before Instruction Aborts',
    holds: ({ case: c, here, there }: Difference) =>
      /^(br|blr|ret)$/.test(last(c).mnemonic) &&
      (here[OUTPUT.pc] & 3n) !== 0n &&
      signal(here) === SIGNAL.SIGBUS &&
      signal(there) === SIGNAL.SIGSEGV,
  },
  {
    // The outsider's processor has both.
    clause: 'C5.2, FPCR and FPSR: Stride, Len and NZCV are RES0 without AArch32, FZ16 without FEAT_FP16',
    holds: ({ case: c, here, there }: Difference) =>
      /^msr fp[cs]r/.test(last(c).text(0n)) &&
      differing(here, there).every((i) => i === OUTPUT.fpcr || i === OUTPUT.fpsr) &&
      ((here[OUTPUT.fpcr] ^ there[OUTPUT.fpcr]) & ~0x3f_0000n) === 0n &&
      ((here[OUTPUT.fpsr] ^ there[OUTPUT.fpsr]) & ~0xf000_0000n) === 0n,
  },
  {
    // qemu looks at the address only once the monitor is found to hold it.
    clause:
      'AArch64.ExclusiveMonitorsPass: whether aborts are detected before or after the check is IMPLEMENTATION DEFINED',
    holds: ({ case: c, here, there }: Difference) =>
      /^stl?x/.test(last(c).mnemonic) && signal(here) !== SIGNAL.SIGTRAP && signal(there) === SIGNAL.SIGTRAP,
  },
  {
    // qemu 7.2 looks at no alignment here, as it does for LDAR.
    clause: 'B2.5.2: without FEAT_LSE2, a Load-AcquirePC that is not aligned faults',
    holds: ({ case: c, here }: Difference) => last(c).mnemonic.startsWith('ldapr') && signal(here) === SIGNAL.SIGBUS,
  },
  {
    // qemu writes each register or eight bytes as it goes; here a load leaves registers, and a store its 16 bytes.
    clause: 'B2.2.1: SIMD and floating-point accesses of several registers, or 16 bytes, may be abandoned part way',
    holds: ({ case: c, here, there }: Difference) =>
      /^(ld|st)([1-4]r?|r|ur|n?p)$/.test(last(c).mnemonic) &&
      signal(here) === SIGNAL.SIGSEGV &&
      differing(here, there).every(last(c).mnemonic.startsWith('ld') ? isVector : isMemory),
  },
  {
    // qemu-aarch64 tells of the block's beginning; its system emulator does as this machine.
    clause: 'D17.2.40 FAR_EL1: for DC ZVA it holds the address that the instruction was given',
    holds: ({ case: c, here, there }: Difference) =>
      last(c).text(0n).startsWith('sys #3, C7, C4, #1') &&
      differing(here, there).every((i) => i === OUTPUT.address) &&
      (here[OUTPUT.address] & ~63n) === there[OUTPUT.address],
  },
];
