import type { Case } from './case.ts';
import { INPUT } from './layout.ts';

const CF = 1n;
const PF = 4n;
const AF = 0x10n;
const ZF = 0x40n;
const SF = 0x80n;
const OF = 0x800n;
const STATUS = CF | PF | AF | ZF | SF | OF;

/** A shift's count as the processor takes it, and the bits of its operand. */
function shift({ instruction, input }: Case): { count: number; bits: number } {
  const size = operandBytes(instruction.operands[0]);
  const last = instruction.operands.at(-1);
  const raw = last?.kind === 'immediate' ? Number(last.value & 0xffn) : Number(input[INPUT.r + 1] & 0xffn);
  return { count: raw & (size === 8 ? 63 : 31), bits: size * 8 };
}

const operandBytes = (operand: Case['instruction']['operands'][number]): number =>
  'size' in operand ? operand.size : 0;

/** Flags that the manual leaves undefined, by mnemonic (SDM vol. 2, "Flags Affected" of each). */
export function undefinedFlags(c: Case): bigint {
  const { mnemonic } = c.instruction.row;
  switch (mnemonic) {
    case 'and':
    case 'or':
    case 'xor':
    case 'test':
      return AF;
    case 'shl':
    case 'shr':
    case 'sar':
    case 'sal': {
      const { count, bits } = shift(c);
      if (count === 0) return 0n;
      return AF | (count === 1 ? 0n : OF) | (mnemonic !== 'sar' && count >= bits ? CF : 0n);
    }
    case 'shld':
    case 'shrd': {
      const { count, bits } = shift(c);
      if (count === 0) return 0n;
      return count > bits ? STATUS : AF | (count === 1 ? 0n : OF);
    }
    case 'rol':
    case 'ror':
    case 'rcl':
    case 'rcr':
      return shift(c).count === 1 ? 0n : OF;
    case 'mul':
    case 'imul':
      return SF | ZF | AF | PF;
    case 'div':
    case 'idiv':
      return STATUS;
    case 'bt':
    case 'bts':
    case 'btr':
    case 'btc':
      return OF | SF | AF | PF;
    case 'aaa':
    case 'aas':
      return OF | SF | ZF | PF;
    case 'daa':
    case 'das':
      return OF;
    case 'aam':
    case 'aad':
      return OF | AF | CF;
    case 'bsf':
    case 'bsr':
      return CF | OF | SF | AF | PF;
    default:
      return 0n;
  }
}

/**
 * Whether the manual leaves a register's result undefined: SHLD and SHRD by more than the operand has, of 16 bits, and
 * BSWAP of 16 bits.
 */
export function undefinedRegister(c: Case, number: number): boolean {
  const { row, operands, operandSize } = c.instruction;
  const [first] = operands;
  if (first?.kind !== 'register' || first.number !== number) return false;
  if (row.mnemonic === 'bswap') return operandSize === 2;
  if (row.mnemonic !== 'shld' && row.mnemonic !== 'shrd') return false;
  const { count, bits } = shift(c);
  return count > bits;
}

/** Whether the manual leaves the result in memory undefined. */
export function undefinedMemory(c: Case): boolean {
  const { row, operands } = c.instruction;
  if ((row.mnemonic !== 'shld' && row.mnemonic !== 'shrd') || operands[0].kind !== 'memory') return false;
  const { count, bits } = shift(c);
  return count > bits;
}
