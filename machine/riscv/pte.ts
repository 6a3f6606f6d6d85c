/** Bits of a page-table entry of Sv39, Sv48 and Sv57 (Priv. spec, figure "Sv39 page table entry"). */
export const PTE = { V: 0x01, R: 0x02, W: 0x04, X: 0x08, U: 0x10, G: 0x20, A: 0x40, D: 0x80 } as const;

/** N: one of 16 entries that map one naturally aligned 64 KiB range (Svnapot). */
export const PTE_N = 1n << 63n;
/** Bits 62:61, PBMT: reserved without Svpbmt. Bits 60:54: reserved for future standard use. */
export const PTE_RESERVED = 0x7fc0_0000_0000_0000n;

/** The physical page number that an entry holds: bits 53:10. */
export const ppnOf = (pte: bigint): bigint => (pte >> 10n) & 0xfff_ffff_ffffn;

/** Bits 7:0, as a number. */
export const flagsOf = (pte: bigint): number => Number(pte & 0xffn);

const OTHERS = [
  [PTE.U, 'u'],
  [PTE.G, 'g'],
  [PTE.A, 'a'],
  [PTE.D, 'd'],
] as const;

/** A leaf's rights in words: `r-x u a`, and `64K` where it is one of sixteen. */
export function describeLeaf(pte: bigint): string {
  const flags = flagsOf(pte);
  const rwx = `${flags & PTE.R ? 'r' : '-'}${flags & PTE.W ? 'w' : '-'}${flags & PTE.X ? 'x' : '-'}`;
  const others = OTHERS.filter(([bit]) => flags & bit).map(([, name]) => name);
  return [rwx, ...others, ...(pte & PTE_N ? ['64K'] : [])].join(' ');
}
