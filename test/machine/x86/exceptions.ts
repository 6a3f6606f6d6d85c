import type { Decoded } from '../../../machine/x86/decoded.ts';
import { CODE_64 } from '../../../machine/x86/registers.ts';

/** An encoding on which this decoder and the toolchain's differ, with the texts of both. */
export interface Difference {
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly decoded: Decoded | undefined;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Why a difference is right. */
export interface Exception {
  readonly clause: string;
  holds(difference: Difference): boolean;
}

const PREFIX_WORDS =
  /^(?:(?:lock|rep|repn?z|xacquire|xrelease|bnd|notrack|data16|data32|addr16|addr32|[c-gs]s|rex(?:\.\w+)?)(?: |$))*/;

/** A text without the prefixes before its mnemonic. */
const bare = (text: string): string => text.replace(PREFIX_WORDS, '');
const mnemonic = (text: string): string => bare(text).split(' ', 1)[0];

/** Instructions of an extension that CPUID does not report, by mnemonic: their encodings are undefined. */
const absent = (feature: string, mnemonics: RegExp): Exception => ({
  clause: `${feature} is not reported`,
  holds: ({ ours, theirs }) => ours === undefined && theirs !== undefined && mnemonics.test(mnemonic(theirs)),
});

/** The first byte behind prefixes. */
function opcodeOf({ bytes, mode }: Difference): number {
  const prefixes = /^(26|2e|36|3e|6[4-7]|f[023])$/;
  const isPrefix = (byte: number) => prefixes.test(byte.toString(16)) || (mode === CODE_64 && byte >> 4 === 4);
  return bytes.find((byte) => !isPrefix(byte)) ?? 0;
}

/** Extensions that the toolchain knows and CPUID does not report; one line each. */
const EXTENSIONS: readonly Exception[] = [
  {
    clause: 'VEX, EVEX and XOP: C4, C5, 62 and 8F begin no vector instructions without AVX',
    holds: (difference) =>
      difference.ours === undefined &&
      difference.theirs !== undefined &&
      [0xc4, 0xc5, 0x62, 0x8f].includes(opcodeOf(difference)),
  },
  absent('AES, AESKLE', /^(aes(enc|dec|imc|keygen)\w*|encodekey(128|256)|loadiwkey)$/),
  absent('PCLMULQDQ', /^pclmul\w*$/),
  absent('SHA', /^sha(1|256)\w+$/),
  absent('GFNI', /^gf2p8\w+$/),
  absent('ADX', /^ad[co]x$/),
  absent('RAO-INT', /^a(add|and|or|xor)$/),
  absent('RDRAND, RDSEED, RDPID', /^rd(rand|seed|pid)$/),
  absent('MOVDIRI, MOVDIR64B, ENQCMD', /^(movdiri|movdir64b|enqcmds?)$/),
  absent('CET_SS', /^(incssp[dq]|saveprevssp|rstorssp|wruss[dq]|wrss[dq]|setssbsy|clrssbsy)$/),
  absent('VMX', /^(vm\w+|inv(ept|vpid))$/),
  absent('SVM, SEV', /^(stgi|clgi|skinit|invlpga|invlpgb|tlbsync|vmgexit|psmash|pvalidate|rmp\w+)$/),
  absent('SMX; RSM outside system management mode', /^(getsec|rsm)$/),
  absent('SGX, PCONFIG, TDX', /^(encl[suv]|pconfig|td\w*call|seam\w+)$/),
  absent('RTM', /^(xbeginw?|xend|xabort|xtest|xsusldtrk|xresldtrk)$/),
  absent('PTWRITE', /^ptwrite$/),
  absent('WAITPKG, MONITOR, MONITORX', /^(umonitor|umwait|tpause|monitorx?|mwaitx?)$/),
  absent('CLFLUSHOPT, CLWB, CLZERO, RDPRU, WBNOINVD', /^(clflushopt|clwb|clzero|rdpru|mcommit)$/),
  absent(
    'UINTR, SERIALIZE, HRESET, WRMSRNS, MSRLIST',
    /^(wrmsrns|(rd|wr)msrlist|uiret|testui|clui|stui|senduipi|serialize|hreset)$/,
  ),
  absent('XSAVEOPT, XSAVEC, XSS', /^(xsaveopt|xsavec|xsaves|xrstors)(64)?$/),
  absent('SSE4A', /^(extrq|insertq|movntss|movntsd)$/),
  absent('3DNow!', /^(femms|p(f|i2f|f2i)\w+|pmulhrw|pswapd|pavgusb)$/),
  absent('PadLock', /^(xstore-rng|xcrypt-\w+|xsha(1|256)|montmul|xstore)$/),
];

/** Encodings that mean something here or there alone. */
const ENCODINGS: readonly Exception[] = [
  {
    clause:
      'SDM vol. 2B, NOP; table A-3: MPX, CET, CLDEMOTE and PREFETCHI lie in hints and NOPs, which they are without them',
    holds: ({ ours, theirs }) =>
      ours !== undefined &&
      /^nop$/.test(mnemonic(ours)) &&
      (theirs === undefined || /^(bnd\w+|cldemote|rdssp[dq]|prefetch\w+|nop)$/.test(mnemonic(theirs))),
  },
  {
    clause: 'SDM vol. 2B, PREFETCHW: 0F 0D with other digits is a hint too',
    holds: ({ ours, theirs }) =>
      ours !== undefined &&
      theirs !== undefined &&
      /^prefetchwt1/.test(bare(theirs)) &&
      /^(prefetch|nop)/.test(bare(ours)),
  },
  {
    clause: 'SDM vol. 2D, TZCNT, LZCNT: without BMI1 and LZCNT they are BSF and BSR',
    holds: ({ ours, theirs }) =>
      ours !== undefined &&
      ((theirs === undefined && /\brepnz .*bs[fr] /.test(ours)) ||
        (theirs !== undefined && /^(tzcnt|lzcnt) /.test(bare(theirs)) && /^bs[fr] /.test(bare(ours)))),
  },
  {
    clause: 'SDM vol. 2B, MOVSXD: with REX.W the operand size prefix means nothing',
    holds: ({ ours, theirs }) =>
      ours !== undefined && theirs !== undefined && /\bdata16 .*movsxd /.test(ours) && /^movsxd /.test(bare(theirs)),
  },
  {
    clause: 'SDM vol. 2B, PAUSE; vol. 2D, XCHG: with REX.B, F3 90 exchanges R8',
    holds: ({ ours, theirs }) =>
      ours !== undefined && theirs !== undefined && /xchg r8/.test(ours) && bare(theirs) === 'pause',
  },
  {
    clause:
      'SDM vol. 2B, MOV: CR1, CR5 to CR7 and CR9 to CR15, DR8 to DR15 are no registers, nor are test registers; CR8 with LOCK is AMD’s',
    holds: ({ ours, theirs }) =>
      ours === undefined && theirs !== undefined && /\b(cr(1|[5-9]|1\d)|dr([89]|1\d)|tr\d)\b/.test(theirs),
  },
  {
    clause: 'SDM vol. 1, 3.6.1: REX.W goes before the operand size prefix, for x87 environments too',
    holds: ({ ours, theirs }) =>
      ours !== undefined && theirs !== undefined && /\bdata16 rex\.W.* (fldenv|frstor|fnstenv|fnsave) /.test(ours),
  },
  {
    clause: 'SDM vol. 2A, 3.1.1.1: NP, as PMOVMSKB of MMX registers has it, makes other prefixes undefined',
    holds: ({ ours, theirs }) =>
      ours === undefined &&
      theirs !== undefined &&
      /^(pmovmskb .*mm|(f?x(save|rstor)(64)?|(ld|st)mxcsr|clac|stac|(rd|wr)pkru|[slm]fence)( |$))/.test(bare(theirs)),
  },
  {
    // The toolchain leaves the upper half as it is.
    clause: 'SDM vol. 2A, Jcc: with operands of 16 bits the upper half of EIP is cleared',
    holds: ({ decoded, ours, theirs }) =>
      decoded?.operandSize === 2 &&
      decoded.operands.at(-1)?.kind === 'relative' &&
      theirs?.replace(/0x[0-9a-f]+$/, (text) => `0x${(Number(text) & 0xffff).toString(16)}`) === ours,
  },
  {
    clause: 'SDM vol. 2B, MOV: #UD where ModRM.reg names no segment register',
    holds: ({ ours, theirs }) => ours === undefined && theirs !== undefined && /^mov .*\?/.test(bare(theirs)),
  },
  {
    clause: 'SDM vol. 1, 8: FNENI, FNDISI, FNSETPM and FRSTPM are of the 8087 and 80287',
    holds: ({ theirs }) => theirs !== undefined && /\((80|2)87 only\)$/.test(theirs),
  },
  {
    clause: 'SALC, which the manual leaves out, sets AL to the carry flag on every processor',
    holds: ({ ours, theirs }) => theirs === undefined && ours !== undefined && bare(ours) === 'salc',
  },
  {
    clause: 'SDM vol. 2B, SYSCALL, SYSRET, RDFSBASE, SWAPGS: outside 64-bit mode #UD',
    holds: ({ mode, ours, theirs }) =>
      mode !== CODE_64 &&
      ours === undefined &&
      theirs !== undefined &&
      /^(sys(call|ret)|swapgs|(rd|wr)[fg]sbase)$/.test(mnemonic(theirs)),
  },
  {
    // The toolchain shows the wait with what follows.
    clause: 'SDM vol. 2D, WAIT: 9B is an instruction of its own',
    holds: (difference) => opcodeOf(difference) === 0x9b,
  },
  {
    // Only the last prefix may be REX; the toolchain shows one that is not as an instruction.
    clause: 'SDM vol. 2A, 2.2.1: a REX prefix that does not immediately precede the opcode is ignored',
    holds: ({ mode, theirs }) =>
      mode === CODE_64 && theirs !== undefined && bare(theirs) === '' && /\brex/.test(theirs),
  },
  {
    clause: 'SDM vol. 2A, LOCK: #UD before anything but a read-modify-write of memory',
    holds: ({ ours, theirs }) => ours === undefined && theirs !== undefined && /\block\b/.test(theirs),
  },
  {
    clause: 'SDM vol. 2B, MFENCE, and vol. 2A, LFENCE, SFENCE: the low bits of ModRM are ignored',
    holds: ({ ours, theirs }) => theirs === undefined && ours !== undefined && /^[lms]fence$/.test(mnemonic(ours)),
  },
  {
    clause: 'SDM vol. 2D, WBNOINVD: without it, F3 before WBINVD is ignored, as 66 and F2 are',
    holds: ({ ours }) => ours !== undefined && /^wbinvd$/.test(mnemonic(ours)),
  },
  {
    // The toolchain takes 66 for what makes XMM registers of MMX ones.
    clause: 'SDM vol. 2B, MOVDQ2Q, MOVQ2DQ: 66 besides F2 or F3 means nothing',
    holds: ({ ours, theirs }) =>
      ours !== undefined && theirs !== undefined && /^mov(dq2q|q2dq)$/.test(mnemonic(theirs)),
  },
  {
    clause: 'SDM vol. 2B, RDFSBASE: operands have 32 or 64 bits',
    holds: ({ ours }) => ours !== undefined && /^(rd|wr)[fg]sbase$/.test(mnemonic(ours)),
  },
];

/** Where this decoder and the toolchain's may both be right, each with its reason. */
export const EXCEPTIONS: readonly Exception[] = [...ENCODINGS, ...EXTENSIONS];
