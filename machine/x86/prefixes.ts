import { SEGMENT } from './registers.ts';

/** Legacy prefixes and REX as they precede an opcode (SDM vol. 2A, 2.1.1 and 2.2.1). */
export interface Prefixes {
  /** Bytes that they take. */
  length: number;
  lock: boolean;
  /** The last of F2 and F3. */
  rep: 0 | 0xf2 | 0xf3;
  size66: boolean;
  address67: boolean;
  segment: number | undefined;
  /** 0 where there is none: a REX prefix must be the last one. */
  rex: number;
}

const SEGMENT_OF: Readonly<Record<number, number>> = {
  38: SEGMENT.es,
  46: SEGMENT.cs,
  54: SEGMENT.ss,
  62: SEGMENT.ds,
  100: SEGMENT.fs,
  101: SEGMENT.gs,
};

/** Reads all prefixes; in 64-bit mode those of ES, CS, SS and DS mean nothing. */
export function readPrefixes(bytes: Uint8Array, long: boolean): Prefixes {
  const p: Prefixes = {
    length: 0,
    lock: false,
    rep: 0,
    size66: false,
    address67: false,
    segment: undefined,
    rex: 0,
  };
  for (; p.length < bytes.length; p.length++) {
    const byte = bytes[p.length];
    if (long && byte >> 4 === 4) {
      p.rex = byte;
      continue;
    }
    const segment = SEGMENT_OF[byte];
    if (segment !== undefined) {
      if (!long || segment >= SEGMENT.fs) p.segment = segment;
    } else if (byte === 0xf0) p.lock = true;
    else if (byte === 0xf2 || byte === 0xf3) p.rep = byte;
    else if (byte === 0x66) p.size66 = true;
    else if (byte === 0x67) p.address67 = true;
    else return p;
    // A REX prefix that another prefix follows is ignored.
    p.rex = 0;
  }
  return p;
}
