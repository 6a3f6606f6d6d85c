// CPUID (SDM vol. 2A, CPUID): what is reported here is what is implemented, no more.
import type { Hart } from '../hart.ts';
import { CODE_64, CODE_MODE, SLOTS } from './registers.ts';

/** EAX, EBX, ECX and EDX of a leaf, 32 bits each. */
export type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** Bits of physical addresses, and of linear ones, those that 5-level paging has. */
export const PHYSICAL_BITS = 40;
export const LINEAR_BITS = 57;

/** Bytes of an XSAVE area: legacy region and header, which x87 and SSE need alone (SDM vol. 1, 13.4). */
const XSAVE_BYTES = 576;
const XCR0_SUPPORTED = 3;

const VENDOR = 'FaultlineX64';
const BRAND = 'Faultline x86-64-v2';
const LAST_BASIC = 0xd;
const LAST_EXTENDED = 0x8000_0008;

const CR4 = SLOTS.get('cr4');
const APIC_BASE = SLOTS.get('apic_base');
const APIC_ENABLED = 1n << 11n;
const OSXSAVE = 1n << 18n;
const PKE = 1n << 22n;

/** A word with those bits set. */
const bits = (...numbers: readonly number[]): number => numbers.reduce((word, bit) => word | (1 << bit), 0);

/** Leaf 1, ECX: SSE3, SSSE3, CX16, PCID, SSE4.1, SSE4.2, MOVBE, POPCNT, TSC-deadline, XSAVE; OSXSAVE is CR4's. */
const FEATURES_C = bits(0, 9, 13, 17, 19, 20, 22, 23, 24, 26);
/** Leaf 1, EDX: FPU, DE, PSE, TSC, MSR, PAE, CX8, SEP, PGE, CMOV, PAT, CLFSH, MMX, FXSR, SSE, SSE2; APIC is its base's. */
const FEATURES_D = bits(0, 2, 3, 4, 5, 6, 8, 11, 13, 15, 16, 19, 23, 24, 25, 26);
const APIC = 1 << 9;
const HTT = 1 << 28;
/** Leaf 7, EBX: FSGSBASE, SMEP, INVPCID, no FCS and FDS, SMAP. ECX: PKU, LA57, PKS; OSPKE is CR4's. */
const EXTENDED_B = bits(0, 7, 10, 13, 20);
const EXTENDED_C = bits(3, 16, 31);
/** Leaf 80000001H, ECX: LAHF and SAHF in 64-bit mode. EDX: NX, 1 GiB pages, RDTSCP, long mode; SYSCALL in 64-bit mode. */
const LAHF = 1;
const LONG_D = bits(20, 26, 27, 29);
const SYSCALL = 1 << 11;
/** Family 6, model 0, stepping 0. */
const SIGNATURE = 0x600;
/** Lines of 64 bytes for CLFLUSH, in units of 8. */
const CLFLUSH_UNITS = 8;
/** The local APIC's timer always runs; the time-stamp counter is invariant. */
const ARAT = 1 << 2;
const INVARIANT_TSC = 1 << 8;

const NOTHING: Leaf = [0, 0, 0, 0];

/** Four characters as a register holds them, lowest first. */
const letters = (text: string, at: number): number =>
  [0, 1, 2, 3].reduce((word, i) => word | ((text.charCodeAt(at + i) || 0) << (8 * i)), 0);

const brand = (part: number): Leaf => {
  const at = 16 * part;
  return [letters(BRAND, at), letters(BRAND, at + 4), letters(BRAND, at + 8), letters(BRAND, at + 12)];
};

/** What CPUID tells a hart; a leaf beyond the last is answered as the last basic one, as the SDM has it. */
export function cpuid(hart: Hart, leaf: number, subleaf: number): Leaf {
  const cr4 = hart.get(CR4);
  const threads = hart.peers.length;
  switch (leaf >>> 0) {
    case 0:
      return [LAST_BASIC, letters(VENDOR, 0), letters(VENDOR, 8), letters(VENDOR, 4)];
    case 1:
      return [
        SIGNATURE,
        (CLFLUSH_UNITS << 8) | (threads << 16) | (hart.id << 24),
        FEATURES_C | (cr4 & OSXSAVE ? 1 << 27 : 0),
        FEATURES_D | (hart.get(APIC_BASE) & APIC_ENABLED ? APIC : 0) | (threads > 1 ? HTT : 0),
      ];
    case 2:
      // One round, and no descriptor: caches have no meaning here, so leaf 4 has none either.
      return [1, 0, 0, 0];
    case 6:
      return [ARAT, 0, 0, 0];
    case 7:
      return subleaf === 0 ? [0, EXTENDED_B, EXTENDED_C | (cr4 & PKE ? 1 << 4 : 0), 0] : NOTHING;
    case 3:
    case 4:
    case 5:
    case 8:
    case 9:
    case 0xa:
    case 0xc:
      return NOTHING;
    case 0xb:
      return topology(hart, subleaf);
    case 0x8000_0000:
      return [LAST_EXTENDED | 0, 0, 0, 0];
    case 0x8000_0001:
      return [0, 0, LAHF, LONG_D | ((hart.get32(CODE_MODE) & 3) === CODE_64 ? SYSCALL : 0)];
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004:
      return brand((leaf & 7) - 2);
    case 0x8000_0005:
    case 0x8000_0006:
      return NOTHING;
    case 0x8000_0007:
      return [0, 0, 0, INVARIANT_TSC];
    case 0x8000_0008:
      return [PHYSICAL_BITS | (LINEAR_BITS << 8), 0, 0, 0];
    default:
      return xsave(subleaf);
  }
}

/** Leaf 0DH: the state components of XSAVE and the size of their area, which is the same whatever XCR0 enables. */
function xsave(subleaf: number): Leaf {
  return subleaf === 0 ? [XCR0_SUPPORTED, XSAVE_BYTES, XSAVE_BYTES, 0] : NOTHING;
}

/** Leaf 0BH: one thread a core, as many cores as there are harts (SDM vol. 3A, 9.9.1). */
function topology(hart: Hart, subleaf: number): Leaf {
  const threads = hart.peers.length;
  if (subleaf === 0) return [0, 1, 1 << 8, hart.id];
  if (subleaf === 1) return [32 - Math.clz32(threads - 1), threads, (2 << 8) | 1, hart.id];
  return [0, 0, subleaf & 0xff, hart.id];
}
