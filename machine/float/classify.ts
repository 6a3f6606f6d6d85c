import { type FloatFormat, unpack } from './format.ts';
import { isSignallingNan } from './nan.ts';

/** The ten classes of IEEE 754, 5.7.2, a bit each, from minus infinity up and the NaNs last. */
export const FloatClass = {
  negativeInfinity: 1 << 0,
  negativeNormal: 1 << 1,
  negativeSubnormal: 1 << 2,
  negativeZero: 1 << 3,
  positiveZero: 1 << 4,
  positiveSubnormal: 1 << 5,
  positiveNormal: 1 << 6,
  positiveInfinity: 1 << 7,
  signallingNan: 1 << 8,
  quietNan: 1 << 9,
} as const;

/** The one bit of FloatClass that describes `bits`; raises nothing, not even for signalling NaNs. */
export function classify(format: FloatFormat, bits: bigint): number {
  const { kind, negative, significand } = unpack(format, bits);
  switch (kind) {
    case 'nan':
      return isSignallingNan(format, bits) ? FloatClass.signallingNan : FloatClass.quietNan;
    case 'infinity':
      return negative ? FloatClass.negativeInfinity : FloatClass.positiveInfinity;
    case 'zero':
      return negative ? FloatClass.negativeZero : FloatClass.positiveZero;
    case 'finite':
      if (significand <= format.fractionMask) {
        return negative ? FloatClass.negativeSubnormal : FloatClass.positiveSubnormal;
      }
      return negative ? FloatClass.negativeNormal : FloatClass.positiveNormal;
  }
}
