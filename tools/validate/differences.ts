import { type Difference, edgeCases } from './difference.ts';
import { AARCH64, VERIDIAN_AARCH64 } from './differences-aarch64.ts';
import { AXPTR_X86_64, VERIDIAN_X86_64, X86_64 } from './differences-x86-64.ts';

export type { Difference } from './difference.ts';

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
      'pkeys',
      ...edgeCases('misaligned-u32', 'cow-target', 'cow-target-read'),
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
    scenarios: edgeCases('wraps', 'last-page-string'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: attempt to add with overflow/,
    reason: 'the end of the range is computed unchecked and overflows 2^64',
    clause: 'axptr check_region; user-access.md, check_region step 2',
  },
  {
    scenarios: edgeCases('zero-length'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^exit 1$/,
    reason: 'an empty slice is checked like any other, so its start has to lie in an area',
    clause: 'axptr check_region; user-access.md, edge cases',
  },
  {
    scenarios: edgeCases('unmapped-after-get', 'unmapped-after-get-target'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: page fault in the kernel without the user-access flag/,
    reason: '`get` checks and hands out a bare reference: a later fault through it is the kernel’s own',
    clause: 'axptr UserPtr::get; user-access.md, The flag',
  },
  {
    scenarios: edgeCases('cow-target', 'cow-target-read'),
    between: 'policies',
    policy: 'axptr',
    outcome: /^panic: page fault in the kernel without the user-access flag/,
    reason: 'the check asks the areas, not the entries, so a store to a shared page faults outside the flag',
    clause: 'axptr check_region; user-access.md, The flag',
  },
  {
    scenarios: edgeCases('unresolved-under-flag'),
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
    scenarios: edgeCases(
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
    scenarios: edgeCases('string-too-long'),
    between: 'policies',
    policy: 'axptr',
    lines: /^ {2}p1 supervisor under the flag \| load 1 in mmap page 1/,
    reason: 'a scan has no upper bound: it goes on into the next page',
    clause: 'axptr check_null_terminated',
  },
];

/** Every difference that is as it should be. Of several rows that explain one line the first does. */
export const DIFFERENCES: readonly Difference[] = [
  ...AXPTR,
  ...AXPTR_X86_64,
  ...VERIDIAN_AARCH64,
  ...VERIDIAN_X86_64,
  ...VERIDIAN,
  ...AARCH64,
  ...X86_64,
];
