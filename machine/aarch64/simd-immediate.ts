import { splat } from '../ir/index.ts';

/** 64 bits with a byte of ones for each one bit of `imm8`. */
export function expandBytes(imm8: number): bigint {
  let bytes = 0n;
  for (let i = 0; i < 8; i++) if ((imm8 >> i) & 1) bytes |= 0xffn << BigInt(i * 8);
  return bytes;
}

/** VFPExpandImm for 32 and 64 bits: sign, an exponent of three bits around 0, four bits of fraction. */
export function expandFloat(imm8: number, bits: 32 | 64): bigint {
  const exponentBits = bits === 32 ? 8 : 11;
  const fractionBits = bits - exponentBits - 1;
  const sign = BigInt(imm8 >> 7);
  const low = BigInt((imm8 >> 4) & 3);
  // NOT(imm8<6>), that bit repeated, imm8<5:4>.
  const repeated = (1n << BigInt(exponentBits - 3)) - 1n;
  const exponent = (imm8 & 0x40 ? repeated << 2n : 1n << BigInt(exponentBits - 1)) | low;
  return (
    (sign << BigInt(bits - 1)) | (exponent << BigInt(fractionBits)) | (BigInt(imm8 & 15) << BigInt(fractionBits - 4))
  );
}

/** AdvSIMDExpandImm, repeated over all 128 bits (Arm ARM J1, shared/functions/vector). */
export function expandImmediate(op: number, cmode: number, imm8: number): bigint {
  const value = BigInt(imm8);
  switch (cmode >> 1) {
    case 4:
    case 5:
      return splat(16, value << BigInt((cmode & 2) * 4));
    case 6:
      return splat(32, cmode & 1 ? (value << 16n) | 0xffffn : (value << 8n) | 0xffn);
    case 7:
      if ((cmode & 1) === 0) return op === 0 ? splat(8, value) : splat(64, expandBytes(imm8));
      return op === 0 ? splat(32, expandFloat(imm8, 32)) : splat(64, expandFloat(imm8, 64));
    default:
      return splat(32, value << BigInt((cmode >> 1) * 8));
  }
}
