import { type FloatEnv, FloatFlag } from './env.ts';
import { F16, type FloatFormat, type Unpacked, unpack } from './format.ts';

const flushes = (format: FloatFormat, env: FloatEnv) => env.policy.flushOperands && format.width > F16.width;

/** An operand taken apart, a subnormal one as zero where the policy says so. */
export function unpackOperand(format: FloatFormat, bits: bigint, env: FloatEnv): Unpacked {
  const x = unpack(format, bits);
  if (!flushes(format, env) || x.kind !== 'finite' || x.significand > format.fractionMask) return x;
  env.flags |= FloatFlag.flushedOperand;
  return { ...x, kind: 'zero', significand: 0n, exponent: 0 };
}

/** The pattern that an operand counts as: its own, or zero for a subnormal one where the policy says so. */
export function flushOperand(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  if (!flushes(format, env)) return bits;
  const magnitude = bits & format.magnitudeMask;
  if (magnitude === 0n || magnitude > format.fractionMask) return bits;
  env.flags |= FloatFlag.flushedOperand;
  return bits & format.signBit;
}
