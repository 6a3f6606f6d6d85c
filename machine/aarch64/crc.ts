import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { X } from './registers.ts';

/** Remainders of a byte by a polynomial, bits in reversed order as CRC32 has them. */
function table(reversed: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? reversed : 0);
    return crc;
  });
}

/** CRC32 (0x04C11DB7) and CRC32C (0x1EDC6F41), Arm ARM C6.2 "CRC32B, CRC32H, CRC32W, CRC32X" and "CRC32C…". */
const CRC32 = table(0xedb8_8320);
const CRC32C = table(0x82f6_3b78);

const read = (hart: Hart, i: number) => (i === 31 ? 0n : hart.get(X[i]));

/** Helpers of integer rows: what the IR cannot say in a few operations. */
export const INTEGER_HELPERS: Readonly<Record<string, Helper>> = {
  /** Writes to W[d] the checksum W[n] after the low `size` bytes of X[m]. */
  crc32: (hart, d, n, m, size, castagnoli) => {
    const remainders = castagnoli === 1 ? CRC32C : CRC32;
    let crc = Number(read(hart, n) & 0xffff_ffffn);
    let value = read(hart, m);
    for (let i = 0; i < size; i++, value >>= 8n) {
      crc = (crc >>> 8) ^ remainders[(crc ^ Number(value & 0xffn)) & 0xff];
    }
    if (d !== 31) hart.set(X[d], BigInt(crc >>> 0));
    return true;
  },
};
