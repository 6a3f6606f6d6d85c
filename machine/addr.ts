declare const vaBrand: unique symbol;
declare const paBrand: unique symbol;
declare const ramOffsetBrand: unique symbol;

/** A virtual address: an unsigned 64-bit number. Made only by {@link va}; arithmetic drops the brand. */
export type Va = bigint & { readonly [vaBrand]: true };
/** A physical address, unsigned; 56 bits on RISC-V. Made only by {@link pa}. */
export type Pa = bigint & { readonly [paBrand]: true };
/** A byte offset into the machine's `WebAssembly.Memory`, always inside guest RAM. */
export type RamOffset = number & { readonly [ramOffsetBrand]: true };

export const va = (value: bigint): Va => BigInt.asUintN(64, value) as Va;
export const pa = (value: bigint): Pa => BigInt.asUintN(64, value) as Pa;
export const ramOffset = (value: number): RamOffset => value as RamOffset;

/** The smallest page of all three targets, in bytes. */
export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12n;
export const PAGE_MASK = 0xfffn;
