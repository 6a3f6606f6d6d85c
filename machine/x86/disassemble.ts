// Assembly text in Intel's syntax, as `objdump -M intel` prints it without comments.
import type { Decoded } from './decoded.ts';
import { isNop, mnemonicOf, namedPredicate } from './disassemble-mnemonics.ts';
import { operandText, tableText } from './disassemble-operands.ts';
import { prefixWords } from './disassemble-prefixes.ts';

export { mnemonicOf } from './disassemble-mnemonics.ts';

/** Assembly text at `pc`, the address in its segment. */
export function disassemble(i: Decoded, pc: bigint): string {
  const count = isNop(i) ? 0 : i.operands.length;
  const shown = namedPredicate(i) === undefined ? count : count - 1;
  const operands = Array.from({ length: shown }, (_, k) => operandText(i, k, pc));
  if (i.row.mnemonic === 'xlat') operands.push(tableText(i));
  const name = [...prefixWords(i), mnemonicOf(i)].join(' ');
  return operands.length === 0 ? name : `${name} ${operands.join(',')}`;
}
