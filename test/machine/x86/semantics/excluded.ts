import type { Row } from '../../../../machine/x86/row.ts';

/** Rows that no process can be asked of, and why. */
export const EXCLUDED: readonly { readonly mnemonics: RegExp; readonly reason: string }[] = [
  { mnemonics: /^(syscall|sysenter)$/, reason: 'the host is called' },
  { mnemonics: /^int$/, reason: 'the host’s interrupt descriptor table' },
  { mnemonics: /^(cpuid|rdtscp?|rdpmc|xgetbv|rdpkru|wrpkru)$/, reason: 'the host tells of itself' },
  { mnemonics: /^(s[gi]dt|sldt|str|smsw|lar|lsl|ver[rw])$/, reason: 'the host’s descriptor tables' },
  { mnemonics: /^(l[fgs]s|iret|retf|sysexit|sysret)$/, reason: 'segments are loaded' },
  { mnemonics: /^(rd|wr)[fg]sbase$/, reason: 'FSGSBASE is not everywhere' },
  { mnemonics: /^(swapgs|monitor|mwait|invpcid|clac|stac|xsetbv)$/, reason: 'not every processor has it' },
  { mnemonics: /^r(cp|sqrt)[ps]s$/, reason: 'estimates, which differ between processors: sse-estimates.test.ts' },
  { mnemonics: /^(fldenv|fnstenv|frstor|fnsave|fxrstor|fxsave|xrstor|xsave)$/, reason: 'longer areas: state.test.ts' },
];

/** Whether a row is left out here: those of other modes too, and what loads segment registers. */
export function excluded(row: Row): boolean {
  if (row.only === 'legacy') return true;
  if (row.operands.some((code) => /^(Sw|FS|GS|Mp|Ap)$/.test(code))) return true;
  return EXCLUDED.some(({ mnemonics }) => mnemonics.test(row.mnemonic));
}
