/** Bits of a stage 1 descriptor of VMSAv8-64 (Arm ARM D8.3, "VMSAv8-64 translation table format descriptors"). */
export const DESCRIPTOR = {
  valid: 1n << 0n,
  /** A table, or at level 3 a page; clear: a block. */
  table: 1n << 1n,
  /** AP[1]: EL0 may access. */
  user: 1n << 6n,
  /** AP[2]: read-only. */
  readOnly: 1n << 7n,
  /** AF. */
  accessFlag: 1n << 10n,
  /** nG. */
  notGlobal: 1n << 11n,
  /** DBM: hardware may clear AP[2], which makes the page dirty. */
  dirtyModifier: 1n << 51n,
  /** One of a naturally aligned run of descriptors that map one larger range. */
  contiguous: 1n << 52n,
  /** PXN and UXN: no execution at EL1, at EL0. */
  privilegedNever: 1n << 53n,
  userNever: 1n << 54n,
} as const;

/** What tables on the way take away from all below them: bits 62:59 of their descriptors, moved down. */
export const LIMIT = { privilegedNever: 1, userNever: 2, noUser: 4, readOnly: 8 } as const;

/** PXNTable, UXNTable and APTable of a table descriptor, as LIMIT has them. */
export const limitsOf = (descriptor: bigint): number => Number((descriptor >> 59n) & 0xfn);

/** AttrIndx: which byte of MAIR_EL1 says the memory's type. */
export const attributeOf = (descriptor: bigint): number => Number((descriptor >> 2n) & 7n);

/** A translation granule (D8.2, "Translation granules"). */
export interface Granule {
  readonly name: '4K' | '16K' | '64K';
  /** Address bits within a page; a table of descriptors is one page. */
  readonly bits: number;
  /** Address bits that a level resolves. */
  readonly stride: number;
  /** The first level that may hold blocks, without FEAT_LPA and FEAT_LPA2. */
  readonly blockLevel: number;
  /** log2 of how many descriptors the contiguous hint joins, by level (D8, "The Contiguous bit"). */
  readonly contiguous: readonly number[];
}

export const GRANULES = {
  '4K': { name: '4K', bits: 12, stride: 9, blockLevel: 1, contiguous: [0, 4, 4, 4] },
  '16K': { name: '16K', bits: 14, stride: 11, blockLevel: 2, contiguous: [0, 0, 5, 7] },
  '64K': { name: '64K', bits: 16, stride: 13, blockLevel: 2, contiguous: [0, 0, 5, 5] },
} as const satisfies Record<string, Granule>;

/** log2 of the bytes that a descriptor of this level maps. */
export const levelBits = (granule: Granule, level: number): number => granule.bits + granule.stride * (3 - level);

/** The level of a leaf that maps so many 4 KiB pages, a contiguous run's included. */
export function levelOf(granule: Granule, pages: bigint): number {
  const bits = pages.toString(2).length - 1 + 12 - granule.bits;
  return Math.max(0, 3 - Math.floor(Math.max(0, bits) / granule.stride));
}

/** The rights of a leaf under the limits of its tables, by exception level; DBM and controls outside it left aside. */
export function rightsOf(descriptor: bigint, limits: number) {
  const writable = (descriptor & DESCRIPTOR.readOnly) === 0n && !(limits & LIMIT.readOnly);
  const user = (descriptor & DESCRIPTOR.user) !== 0n && !(limits & LIMIT.noUser);
  const userExecute = (descriptor & DESCRIPTOR.userNever) === 0n && !(limits & LIMIT.userNever);
  const execute = (descriptor & DESCRIPTOR.privilegedNever) === 0n && !(limits & LIMIT.privilegedNever);
  return { writable, user, userExecute, execute };
}

const OTHERS = [
  [DESCRIPTOR.accessFlag, 'af'],
  [DESCRIPTOR.notGlobal, 'ng'],
  [DESCRIPTOR.dirtyModifier, 'dbm'],
  [DESCRIPTOR.contiguous, 'contiguous'],
] as const;

const rwx = (r: boolean, w: boolean, x: boolean): string => `${r ? 'r' : '-'}${w ? 'w' : '-'}${x ? 'x' : '-'}`;

/** Leaves' rights in words, by the bits that these tell of: every walk that comes through has such a leaf. */
const described = new Map<bigint, string>();
const TOLD = [
  DESCRIPTOR.user,
  DESCRIPTOR.readOnly,
  DESCRIPTOR.privilegedNever,
  DESCRIPTOR.userNever,
  ...OTHERS.map(([bit]) => bit),
].reduce((bits, bit) => bits | bit);

/** A leaf's rights in words: `EL1 rw- EL0 r-x af ng`. What EL0 may write, EL1 may not execute. */
export function describeLeaf(descriptor: bigint, limits: number): string {
  const key = (descriptor & TOLD) | BigInt(limits);
  let words = described.get(key);
  if (words === undefined) {
    words = leafInWords(descriptor, limits);
    described.set(key, words);
  }
  return words;
}

function leafInWords(descriptor: bigint, limits: number): string {
  const { writable, user, userExecute, execute } = rightsOf(descriptor, limits);
  const others = OTHERS.filter(([bit]) => descriptor & bit).map(([, name]) => name);
  const el1 = rwx(true, writable, execute && !(user && writable));
  return [`EL1 ${el1} EL0 ${rwx(user, user && writable, userExecute)}`, ...others].join(' ');
}

const LIMITS = [
  [LIMIT.readOnly, 'read-only'],
  [LIMIT.noUser, 'no EL0'],
  [LIMIT.userNever, 'UXN'],
  [LIMIT.privilegedNever, 'PXN'],
] as const;

/** What a table takes away, in words; empty where nothing. */
export const describeLimits = (limits: number): string =>
  limits === 0
    ? ''
    : LIMITS.filter(([bit]) => limits & bit)
        .map(([, name]) => ` ${name}`)
        .join('');
