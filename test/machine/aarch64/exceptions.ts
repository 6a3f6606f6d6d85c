/** A word on which this decoder and the toolchain's differ, with the texts of both. */
export interface Difference {
  readonly word: number;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Why a difference is right. */
export interface Exception {
  readonly clause: string;
  holds(difference: Difference): boolean;
}

/** Instructions of an extension that is reported absent, by their whole text: their encodings are UNDEFINED. */
const absent = (feature: string, text: RegExp): Exception => ({
  clause: `${feature} is not implemented`,
  holds: ({ ours, theirs }) => ours === undefined && theirs !== undefined && text.test(theirs),
});

/** Bits 28 to 25, by which the top-level table of A64 divides encodings (Arm ARM C4.1). */
const op0 = (word: number) => (word >>> 25) & 15;

/** Extensions that the toolchain knows and this machine reports absent; one line each. */
const EXTENSIONS: readonly Exception[] = [
  {
    clause: 'FEAT_SVE, FEAT_SME: the quarters of the encoding space that are theirs are UNDEFINED',
    holds: ({ word, ours }) => ours === undefined && (op0(word) === 2 || (op0(word) === 0 && word >>> 31 === 1)),
  },
  // Data processing and branches
  absent('FEAT_MTE', /^(addg|subg|irg|gmi|subps?|stz?2?g|ldg|stz?gm|ldgm|stgp) /),
  absent('FEAT_CSSC', /^(ctz|cnt|abs|[su](min|max)) [wx]/),
  absent('FEAT_FlagM', /^(rmif|setf8|setf16|cfinv|axflag|xaflag)\b/),
  absent('FEAT_PAuth', /^((pac|aut)[id]z?[ab]|pacga|xpac[id]|bl?ra[ab]z?|e?reta[ab]|ldra[ab])\b/),
  absent('FEAT_HBC', /^bc\./),
  // System
  absent('FEAT_TME', /^(tstart|ttest|tcommit|tcancel)\b/),
  absent('FEAT_WFxT', /^wf[ei]t /),
  absent('FEAT_UAO, FEAT_DIT, FEAT_SSBS, FEAT_MTE, FEAT_NMI', /^msr (uao|dit|ssbs|tco|allint), #/),
  absent('FEAT_XS', /^dsb \w+nxs$/),
  absent('FEAT_SME', /^sm(start|stop)\b/),
  absent('FEAT_SB', /^sb$/),
  // Loads and stores
  absent('FEAT_LRCPC2', /^(ldapur|stlur)(s?[bhw])? /),
  absent('FEAT_LOR', /^(ldlar|stllr)[bh]? /),
  absent('FEAT_LS64', /^(ld64b|st64b(v0?)?) /),
  absent('FEAT_MOPS', /^(cpyf?[pme]|set[ge]?[pme])(w|r|wt|rt)?/),
  // SIMD and floating point
  absent('FEAT_AES, FEAT_PMULL', /^(aes(e|d|mc|imc) |pmull2? .*\.1q)/),
  absent('FEAT_SHA1, FEAT_SHA256, FEAT_SHA512, FEAT_SHA3', /^(sha(1|256|512)|eor3|bcax|rax1|xar )/),
  absent('FEAT_SM3, FEAT_SM4', /^sm[34]/),
  absent('FEAT_RDM', /^sqrdml[as]h /),
  absent('FEAT_DotProd, FEAT_I8MM', /^([su]dot|usdot|sudot|[su]mmla|usmmla) /),
  absent('FEAT_BF16', /^(bfdot|bfmmla|bfmlal[bt]|bfcvtn?2?) /),
  absent('FEAT_FHM', /^fml[as]l2? /),
  absent('FEAT_FCMA', /^fc(mla|add) /),
  absent('FEAT_FP16', /^(f(?!cvt |cvt[ln]2? |ml[as]l2? )\w+|[su]cvtf) .*(\bh\d|\.[248]?h\b)/),
  absent('FEAT_JSCVT', /^fjcvtzs /),
  absent('FEAT_FRINTTS', /^frint(32|64)[xz] /),
];

/** An access to a system register without the register. */
const nameless = (text = '') => /^(msr) \w+(, x\w+)$|^(mrs x\w+), \w+$/.exec(text)?.slice(1).join('');

/** Where the toolchain's disassembler is not the manual. */
const DEVIATIONS: readonly Exception[] = [
  {
    clause:
      'D18.3: system registers that this machine lacks have no name here; whether one exists shows when it is accessed',
    holds: ({ ours, theirs }) =>
      /\bs[23]_\w+/.test(ours ?? '') && nameless(ours) !== undefined && nameless(ours) === nameless(theirs),
  },
  {
    clause: 'C5.1.2 "op0==0b00": what is neither a hint, a barrier nor a field of PSTATE is UNDEFINED',
    holds: ({ ours, theirs }) => ours === undefined && /^m(sr s0_|rs \w+, s0_)/.test(theirs ?? ''),
  },
  {
    clause: 'C6.2 "MSR (immediate)": PAN and SPSel take the lowest bit of CRm, whatever the others',
    holds: ({ ours, theirs }) =>
      /^msr (pan|spsel), #0x/.test(ours ?? '') && /^msr s0_0_c4_c\d+_[45], xzr$/.test(theirs ?? ''),
  },
  {
    clause: 'C6.2 "UDF": permanently undefined, so that it has no row',
    holds: ({ word, ours }) => ours === undefined && word < 0x1_0000,
  },
  {
    clause:
      'C6.2 "LDAR": bits of Rs and Rt2 that should be one need not be, as in the other ordered and exclusive ones',
    holds: ({ ours, theirs }) => theirs === undefined && ours !== undefined && /^ldar[bh]? /.test(ours),
  },
  {
    clause: 'C6.2 "LDPSW": two times one register, or the base register among them, is as unpredictable as in LDP',
    holds: ({ ours, theirs }) => theirs === undefined && ours !== undefined && ours.startsWith('ldpsw '),
  },
];

export const EXCEPTIONS: readonly Exception[] = [...EXTENSIONS, ...DEVIATIONS];
