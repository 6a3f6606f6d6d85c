import type { Difference } from './difference.ts';

/** The handler as published, on x86-64 alone: what `from_x86_64` makes of the error code. */
export const VERIDIAN_X86_64: readonly Difference[] = [
  {
    scenarios: ['stack-write'],
    between: 'policies',
    policy: 'veridian',
    target: 'x86-64',
    outcome: /^exit 1$/,
    reason: 'a fault with U/S clear is the kernel’s, for which the stack does not grow: EFAULT',
    clause: 'VeridianOS page_fault.rs, try_stack_growth',
  },
];

/** User pointers as the axptr crate has them, on x86-64 alone. */
export const AXPTR_X86_64: readonly Difference[] = [
  {
    scenarios: ['pkeys'],
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: protection key in the kernel without the user-access flag/,
    reason: 'the check asks the areas, not PKRU, so an access that a key forbids faults outside the flag',
    clause: 'axptr check_region; SDM vol. 3A 4.6.2',
  },
];

/** How x86-64 differs from RISC-V. */
export const X86_64: readonly Difference[] = [
  {
    scenarios: ['stack-write'],
    between: 'targets',
    policy: 'veridian',
    target: 'x86-64',
    outcome: /^exit 1$/,
    reason:
      'the kernel’s own fault is told from user mode’s by U/S, and grows no stack; from_riscv calls every fault user mode’s',
    clause: 'VeridianOS page_fault.rs, from_x86_64 and from_riscv',
  },
  {
    between: 'targets',
    policy: 'veridian',
    target: 'x86-64',
    lines: /^ +p\d supervisor/,
    reason: 'the kernel’s own faults are told from user mode’s by U/S; from_riscv calls every fault user mode’s',
    clause: 'VeridianOS page_fault.rs, from_x86_64 and from_riscv',
  },
  {
    scenarios: ['jump-null', 'kernel-touch jump'],
    between: 'targets',
    policy: 'veridian',
    target: 'x86-64',
    lines: /^p\d user \| fetch in no area/,
    reason: 'an absent page is NotPresent, a fetch or not; on RISC-V cause 12 is read as ExecuteNoExecute',
    clause: 'VeridianOS page_fault.rs, from_x86_64 and from_riscv',
  },
  {
    between: 'targets',
    policy: 'veridian',
    target: 'x86-64',
    lines: /: (WriteToReadOnly|NotPresent) write user \| demand paging refused: InvalidAddress/,
    reason: 'bit P of the error code tells a denied page from an absent one; on RISC-V cause 15 is both',
    clause: 'SDM vol. 3A 4.7; Priv. spec 12.1.8',
  },
  {
    scenarios: ['illegal illegal'],
    between: 'targets',
    target: 'x86-64',
    outcome: /^SIGILL ILL_ILLOPN$/,
    reason: 'Linux’s si_code for #UD is ILL_ILLOPN; for an illegal instruction of RISC-V it is ILL_ILLOPC',
    clause: 'Linux arch/x86/kernel/traps.c, handle_invalid_op; SDM vol. 3A 6.15, interrupt 6',
  },
  {
    scenarios: ['illegal breakpoint'],
    between: 'targets',
    target: 'x86-64',
    outcome: /^SIGTRAP SI_KERNEL$/,
    reason: 'Linux’s si_code for #BP is SI_KERNEL; for EBREAK it is TRAP_BRKPT',
    clause: 'Linux arch/x86/kernel/traps.c, do_int3_user; SDM vol. 3A 6.15, interrupt 3',
  },
  {
    scenarios: ['illegal', 'illegal atomic'],
    between: 'targets',
    target: 'x86-64',
    lines: /\| (exception \| SIG|(store|store amo|load reserved) \d in bss)/,
    reason:
      'there are no atomic accesses but locked ones, which may be misaligned; #AC, where it is asked for, names no address',
    clause: 'SDM vol. 3A 8.1.2.2 and 6.15, interrupt 17; Priv. spec 12.1.8',
  },
  {
    between: 'targets',
    target: 'x86-64',
    lines: / from file \[/,
    reason:
      'code and constants have other sizes and other neighbours, so other pages of the image are touched, at other times',
    clause: 'the guests as built (guest/Makefile)',
  },
  {
    between: 'targets',
    target: 'x86-64',
    lines: /\| store 8 in stack page .*copy-on-write resolved/,
    reason: 'whether and where a function that forked stores to its stack first is the compiler’s choice',
    clause: 'AMD64 and RISC-V psABI, register saving',
  },
  {
    scenarios: ['misaligned', 'stack-write'],
    between: 'targets',
    target: 'x86-64',
    lines: /\| ((load|store) 4 in bss page|write\(1, ptr, 26\))/,
    reason: 'the compiler reads the guest’s count of failures at another time, or adds to it in memory',
    clause: 'the guests as built (guest/Makefile)',
  },
  {
    scenarios: ['two-harts'],
    between: 'targets',
    target: 'x86-64',
    lines: /\| sched_yield\(/,
    reason: 'harts take turns after as many instructions on either, so what two processes do meets at other points',
    clause: 'ARCHITECTURE.md, Engine',
  },
  {
    scenarios: ['two-harts'],
    between: 'targets',
    target: 'x86-64',
    lines: /\| store 8 in bss page \d: .*copy-on-write resolved/,
    reason:
      'harts take turns at other points, so another of two processes is the first to store to a shared page, and copies it',
    clause: 'ARCHITECTURE.md, Engine',
  },
  {
    scenarios: ['two-harts'],
    between: 'targets',
    target: 'x86-64',
    lines: /^p[12] user \| (clone\(.* = [4-7]$|wait4\([4-7],)/,
    reason:
      'harts take turns at other points, so another of two processes forks first, and their children swap numbers',
    clause: 'ARCHITECTURE.md, Engine',
  },
  {
    scenarios: ['two-harts'],
    between: 'targets',
    target: 'x86-64',
    lines: /^p\d user \| /,
    order: true,
    reason:
      'harts take turns at other points, so each process does the same before or after other things that others do',
    clause: 'ARCHITECTURE.md, Engine',
  },
  {
    scenarios: ['stack-growth'],
    between: 'targets',
    target: 'x86-64',
    lines: /^p1 user \| store 8 in stack page .*stack growth resolved/,
    reason: 'a frame has another size, so the recursion reaches another number of pages',
    clause: 'AMD64 and RISC-V psABI, stack frame',
  },
  {
    scenarios: ['stack-overflow'],
    between: 'targets',
    target: 'x86-64',
    lines: /^p1 user \| store 8 in stack page .*stack growth resolved/,
    reason:
      'page tables have four levels here and three there, so one frame less is left for the stack that takes them all',
    clause: 'SDM vol. 3A 4.5; Priv. spec 12.4',
  },
];
