/**
 * Why outcomes or trap flows differ, and where that is written down. `faultline validate` and the guests' tests compare
 * every run with the corrected policies' on the same target, and with the first target's under the same policies; each
 * difference has to be explained by a row here, and each row has to explain one.
 */
export interface Difference {
  /** Names as `faultline validate` lists them; absent: any scenario. */
  readonly scenarios?: readonly string[];
  readonly between: 'policies' | 'targets';
  /** Of policies: the one that differs from `corrected`. Of targets: the one under which alone they differ, if it is one. */
  readonly policy?: 'corrected' | 'veridian' | 'axptr';
  /** Of targets: the one that differs from the first. Of policies: the one on which alone they differ, if it is one. */
  readonly target?: string;
  /** Lines of the neutral flow (neutral.ts) that one side has and the other has not. One of `lines` and `outcome`. */
  readonly lines?: RegExp;
  /**
   * How the run ends, on the other side, where the ends or what is printed differ: `SIGSEGV SEGV_ACCERR`, `panic: …`. It
   * explains every line, too, that has no row of its own.
   */
  readonly outcome?: RegExp;
  /** One line: why. */
  readonly reason: string;
  /** The document or manual and its clause. */
  readonly clause: string;
}

const rows = (...names: readonly string[]) => names.map((name) => `user-access ${name}`);

/** The page-fault handler as VeridianOS published it. */
const VERIDIAN: readonly Difference[] = [
  {
    scenarios: [
      'fork-cow',
      'prot-none',
      'write-only',
      'misaligned',
      'page-cross',
      'illegal',
      'two-harts',
      'brk',
      'mmap',
      ...rows('misaligned-u32', 'cow-target', 'cow-target-read'),
    ],
    between: 'policies',
    policy: 'veridian',
    outcome: /^SIGSEGV SEGV_ACCERR$/,
    reason: 'fork takes the right to write away and copy-on-write is NotImplemented: the first write kills',
    clause: 'VeridianOS page_fault.rs, try_copy_on_write',
  },
  {
    scenarios: ['demand'],
    between: 'policies',
    policy: 'veridian',
    outcome: /^SIGSEGV SEGV_ACCERR$/,
    reason: 'residency is a count of frames: below a page touched first, every page counts as present',
    clause: 'VeridianOS page_fault.rs, try_demand_page',
  },
  {
    scenarios: ['stack-overflow'],
    between: 'policies',
    policy: 'veridian',
    outcome: /^SIGSEGV SEGV_ACCERR$/,
    reason: 'the limit is reckoned from the present bottom and moves down with each growth: the stack takes all memory',
    clause: 'VeridianOS page_fault.rs, try_stack_growth',
  },
  {
    between: 'policies',
    policy: 'veridian',
    lines: / from file \[/,
    reason: 'a first touch can only give a zeroed frame, so the loader copies the image whole and nothing is paged in',
    clause: 'VeridianOS page_fault.rs, try_demand_page',
  },
  {
    scenarios: ['stack-growth', 'stack-write', 'stack-overflow'],
    between: 'policies',
    policy: 'veridian',
    lines: / in stack page /,
    reason:
      'growth maps every page from the old bottom to the fault at once, and the first pages are mapped at the start',
    clause: 'VeridianOS page_fault.rs, try_stack_growth',
  },
  {
    scenarios: ['jump-null', 'kernel-touch jump'],
    between: 'policies',
    policy: 'veridian',
    target: 'riscv64',
    lines: /^p\d user \| fetch in no area/,
    reason: 'cause 12 is read as ExecuteNoExecute, absent or not; the reason is never consulted',
    clause: 'VeridianOS page_fault.rs, from_riscv',
  },
  {
    scenarios: ['illegal atomic'],
    between: 'policies',
    policy: 'veridian',
    target: 'riscv64',
    lines: /store amo .* SIGBUS /,
    reason: 'only cause 15 is read as a write; a misaligned AMO has cause 6',
    clause: 'VeridianOS page_fault.rs, from_riscv',
  },
  {
    scenarios: ['jump-null', 'kernel-touch jump', 'exec-stack'],
    between: 'policies',
    policy: 'veridian',
    target: 'aarch64',
    outcome: /^panic: page fault taken for the kernel’s own: fetch/,
    reason: 'user mode is EC 0x24 alone: a fetch of user mode (0x20) is the kernel’s, for which nobody is killed',
    clause: 'VeridianOS page_fault.rs, from_aarch64 and signal_segv',
  },
  {
    between: 'policies',
    policy: 'veridian',
    lines: /\| (demand paging|copy-on-write|signal) (refused|delivered): .*\| (SIGSEGV|EFAULT)/,
    reason: 'the reason is never consulted: each step is tried, its error swallowed, and the next one tried',
    clause: 'VeridianOS page_fault.rs, handle_page_fault',
  },
  {
    between: 'policies',
    policy: 'veridian',
    target: 'riscv64',
    lines: /^ +p\d supervisor under the flag \| .*\| resolved$/,
    reason: 'every fault is read as user mode’s, the kernel’s own too',
    clause: 'VeridianOS page_fault.rs, from_riscv',
  },
];

/** User pointers as the axptr crate has them. */
const AXPTR: readonly Difference[] = [
  {
    scenarios: rows('wraps', 'last-page-string'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: attempt to add with overflow/,
    reason: 'the end of the range is computed unchecked and overflows 2^64',
    clause: 'axptr check_region; user-access.md, check_region step 2',
  },
  {
    scenarios: rows('zero-length'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^exit 1$/,
    reason: 'an empty slice is checked like any other, so its start has to lie in an area',
    clause: 'axptr check_region; user-access.md, edge cases',
  },
  {
    scenarios: rows('unmapped-after-get', 'unmapped-after-get-target'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: page fault in the kernel without the user-access flag/,
    reason: '`get` checks and hands out a bare reference: a later fault through it is the kernel’s own',
    clause: 'axptr UserPtr::get; user-access.md, The flag',
  },
  {
    scenarios: rows('cow-target', 'cow-target-read'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: page fault in the kernel without the user-access flag/,
    reason: 'the check asks the areas, not the entries, so a store to a shared page faults outside the flag',
    clause: 'axptr check_region; user-access.md, The flag',
  },
  {
    scenarios: rows('unresolved-under-flag'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^SIGSEGV SEGV_MAPERR$/,
    reason: 'a fault under the flag that no step resolves kills the process instead of ending the access',
    clause: 'user-access.md, edge cases',
  },
  {
    scenarios: ['stack-write'],
    between: 'policies',
    policy: 'axptr',
    outcome: /^exit 1$/,
    reason: 'a stack that has not grown yet is a gap between areas: EFAULT',
    clause: 'axptr check_region_access; user-access.md, The address space underneath',
  },
  {
    scenarios: rows(
      'null-string',
      'kernel-string',
      'string-into-hole',
      'string-into-prot-none',
      'string-into-write-only',
    ),
    between: 'policies',
    policy: 'axptr',
    lines: /^p1 user( under the flag)? \| (write\(|exit_group\(|fetch in text)/,
    reason: 'a scan that ends with EFAULT leaves the flag set',
    clause: 'axptr access_user_memory; user-access.md, The flag',
  },
  {
    scenarios: rows('string-too-long'),
    between: 'policies',
    policy: 'axptr',
    lines: /^ {2}p1 supervisor under the flag \| load 1 in mmap page 1/,
    reason: 'a scan has no upper bound: it goes on into the next page',
    clause: 'axptr check_null_terminated',
  },
];

/** The handler as published, on AArch64 alone: what `from_aarch64` makes of ESR_EL1. */
const VERIDIAN_AARCH64: readonly Difference[] = [
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
const AARCH64: readonly Difference[] = [
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
    scenarios: ['user-access', ...rows('misaligned-u32')],
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

/** Every difference that is as it should be. Of several rows that explain one line the first does. */
export const DIFFERENCES: readonly Difference[] = [...AXPTR, ...VERIDIAN_AARCH64, ...VERIDIAN, ...AARCH64];
