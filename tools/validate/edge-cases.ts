/** What a user pointer must do: the end of the system call that was given it, or of the process or the kernel. */
export type Expected = 'EFAULT' | 'ENOENT' | 'EILSEQ' | 'ENAMETOOLONG' | '0' | '1' | '21' | 'SIGSEGV' | 'panic';

/** A case of the table "Edge cases every implementation is judged by" (user-access.md), with the guest's rows for it. */
export interface EdgeCase {
  readonly case: string;
  /** Rows of the user-access guest, each with a system call of its own. */
  readonly rows: readonly { readonly name: string; readonly axptr: Expected; readonly corrected: Expected }[];
}

const same = (expected: Expected, ...names: readonly string[]) =>
  names.map((name) => ({ name, axptr: expected, corrected: expected }));
const differ = (axptr: Expected, corrected: Expected, ...names: readonly string[]) =>
  names.map((name) => ({ name, axptr, corrected }));

/**
 * The table, in its order. A path that is read whole names no file, hence ENOENT where the pointer is as it should be.
 */
export const EDGE_CASES: readonly EdgeCase[] = [
  { case: 'null', rows: same('EFAULT', 'null-buffer', 'null-string') },
  { case: 'kernel address', rows: same('EFAULT', 'kernel-buffer', 'kernel-string', 'kernel-target') },
  { case: 'zero-length slice, unmapped start', rows: differ('EFAULT', '0', 'zero-length') },
  { case: 'start+size wraps 2^64', rows: differ('panic', 'EFAULT', 'wraps') },
  { case: 'string in the very last page', rows: differ('panic', 'EFAULT', 'last-page-string') },
  { case: 'terminator is the last byte mapped', rows: same('ENOENT', 'terminator-at-end') },
  { case: 'string runs into a hole', rows: same('EFAULT', 'string-into-hole') },
  {
    case: 'string runs into an area without READ',
    rows: same('EFAULT', 'string-into-prot-none', 'string-into-write-only'),
  },
  {
    case: 'misaligned u16/u32/u64',
    rows: [...same('EFAULT', 'misaligned-u32', 'misaligned-u64', 'misaligned-iovec'), ...same('0', 'unaligned-bytes')],
  },
  { case: 'range over two adjacent areas', rows: same('21', 'two-areas') },
  {
    case: 'UserPtr on a read-only area',
    rows: same(
      'EFAULT',
      'two-areas-target',
      'read-only-fstat',
      'read-only-uname',
      'read-only-getcwd',
      'read-only-read',
    ),
  },
  { case: 'UserConstPtr on a write-only area', rows: same('EFAULT', 'write-only-buffer') },
  {
    case: 'pages not yet faulted in',
    rows: [...same('ENOENT', 'lazy-string', 'lazy-string-tail', 'lazy-string-in-image'), ...same('0', 'lazy-target')],
  },
  {
    case: 'page unmapped after `get` returned',
    rows: differ('panic', 'EFAULT', 'unmapped-after-get', 'unmapped-after-get-target'),
  },
  {
    case: 'write to a copy-on-write page',
    rows: [...differ('panic', '0', 'cow-target'), ...differ('panic', '1', 'cow-target-read')],
  },
  { case: 'invalid UTF-8', rows: same('EILSEQ', 'invalid-utf8', 'invalid-utf8-truncated') },
  { case: 'string without an end in sight', rows: same('ENAMETOOLONG', 'string-too-long') },
  { case: 'unresolvable fault under the flag', rows: differ('SIGSEGV', 'EFAULT', 'unresolved-under-flag') },
];
