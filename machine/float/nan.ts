import { type FloatEnv, FloatFlag } from './env.ts';
import type { FloatFormat } from './format.ts';

export function isNan(format: FloatFormat, bits: bigint): boolean {
  return (bits & format.magnitudeMask) > format.infinity;
}

/** A NaN whose quiet bit is clear (IEEE 754, 6.2.1). */
export function isSignallingNan(format: FloatFormat, bits: bigint): boolean {
  return isNan(format, bits) && (bits & format.quietBit) === 0n;
}

/** Raises invalid if an operand is a signalling NaN (IEEE 754, 7.2 a). */
export function signalNans(format: FloatFormat, operands: readonly bigint[], env: FloatEnv): void {
  if (operands.some((bits) => isSignallingNan(format, bits))) env.flags |= FloatFlag.invalid;
}

/** Result of an operation one of whose operands is a NaN (IEEE 754, 6.2.3). */
export function nanOperand(format: FloatFormat, operands: readonly bigint[], env: FloatEnv): bigint {
  signalNans(format, operands, env);
  return env.policy.nanResult(format, operands, 'operand');
}

/** Result of an operation that has no value for these operands (IEEE 754, 7.2). */
export function invalidOperation(format: FloatFormat, operands: readonly bigint[], env: FloatEnv): bigint {
  env.flags |= FloatFlag.invalid;
  return env.policy.nanResult(format, operands, 'invalid');
}
