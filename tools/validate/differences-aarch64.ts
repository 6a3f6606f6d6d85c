import { type Difference, edgeCases } from './difference.ts';

/** The handler as published, on AArch64 alone: what `from_aarch64` makes of ESR_EL1. */
export const VERIDIAN_AARCH64: readonly Difference[] = [
  {
    scenarios: ['stack-write'],
    between: 'policies',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^exit 1$/,
    reason: 'a data abort from EL1 is the kernel’s, for which the stack does not grow: EFAULT',
    clause: 'VeridianOS page_fault.rs, try_stack_growth',
  },
  {
    scenarios: ['illegal atomic'],
    between: 'policies',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^SIGSEGV SEGV_ACCERR$/,
    reason:
      'four bits of the status code are looked at, so an alignment fault (0x21) is none, and is handled as a page fault',
    clause: 'VeridianOS page_fault.rs, from_aarch64',
  },
];

/** How AArch64 differs from RISC-V. */
export const AARCH64: readonly Difference[] = [
  {
    scenarios: ['stack-write'],
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^exit 1$/,
    reason:
      'the kernel’s own fault is told from user mode’s by EC, and grows no stack; from_riscv calls every fault user mode’s',
    clause: 'VeridianOS page_fault.rs, from_aarch64 and from_riscv',
  },
  {
    scenarios: ['illegal atomic'],
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^SIGSEGV SEGV_ACCERR$/,
    reason: 'an alignment fault is a data abort like a page fault; on RISC-V it has a cause of its own',
    clause: 'Arm ARM D17.2.37, DFSC 0x21; Priv. spec 12.1.8',
  },
  {
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    lines: /^ +p\d supervisor/,
    reason: 'the kernel’s own faults are told from user mode’s by EC; from_riscv calls every fault user mode’s',
    clause: 'VeridianOS page_fault.rs, from_aarch64 and from_riscv',
  },
  {
    scenarios: ['jump-null', 'kernel-touch jump', 'exec-stack'],
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^panic: page fault taken for the kernel’s own: fetch/,
    reason:
      'user mode is EC 0x24 alone, so a fetch of user mode counts as the kernel’s; from_riscv reads it as ExecuteNoExecute',
    clause: 'VeridianOS page_fault.rs, from_aarch64 and from_riscv',
  },
  {
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    lines: /: (WriteToReadOnly|NotPresent) write user \| demand paging refused: InvalidAddress/,
    reason: 'the status code tells a permission fault from a translation fault; on RISC-V cause 15 is both',
    clause: 'Arm ARM D17.2.37, DFSC; Priv. spec 12.1.8',
  },
  {
    between: 'targets',
    target: 'aarch64',
    lines: / from file \[/,
    reason:
      'code and constants have other sizes and other neighbours, so other pages of the image are touched, at other times',
    clause: 'the guests as built (guest/Makefile)',
  },
  {
    scenarios: ['illegal', 'illegal atomic'],
    between: 'targets',
    target: 'aarch64',
    lines: /\| store amo /,
    reason:
      'an atomic’s fault is a read’s (WnR 0) where a read would fault too; on RISC-V an AMO’s is always a store’s',
    clause: 'Arm ARM D17.2.37, ISS WnR; Priv. spec 12.1.8',
  },
  {
    between: 'targets',
    target: 'aarch64',
    lines: /\| store 8 in stack page .*copy-on-write resolved/,
    reason: 'whether and where a function that forked stores to its stack first is the compiler’s choice',
    clause: 'AAPCS64 and RISC-V psABI, register saving',
  },
  {
    scenarios: ['user-access', ...edgeCases('misaligned-u32')],
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    lines: /^p2 user \| exit_group\(0\)/,
    reason: 'the child stores to no page before it exits, and lives; on RISC-V it saves a register on its stack first',
    clause: 'AAPCS64 and RISC-V psABI, register saving',
  },
  {
    scenarios: ['misaligned'],
    between: 'targets',
    target: 'aarch64',
    lines: /\| (load 4 in bss page|write\(1, ptr, 26\))/,
    reason: 'the compiler reads the guest’s count of failures at another time',
    clause: 'the guests as built (guest/Makefile)',
  },
  {
    scenarios: ['two-harts'],
    between: 'targets',
    target: 'aarch64',
    lines: /\| (sched_yield\(|mmap\(ptr|load 8 in mmap)/,
    reason: 'harts take turns after as many instructions on either, so what two processes do meets at other points',
    clause: 'ARCHITECTURE.md, Engine',
  },
  {
    scenarios: ['stack-overflow'],
    between: 'targets',
    policy: 'veridian',
    target: 'aarch64',
    lines: /stack growth resolved: 1 pages/,
    reason:
      'page tables have four levels here and three there, so one frame less is left for the stack that takes them all',
    clause: 'Arm ARM D8.2; Priv. spec 12.4',
  },
];
