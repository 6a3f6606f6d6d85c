// Assembly text in Intel's syntax, as `objdump -M intel` prints it without comments.
import type { Decoded } from './decoded.ts';
import { mnemonicOf, namedPredicate } from './disassemble-mnemonics.ts';
import { operandText, tableText } from './disassemble-operands.ts';
import { prefixWords } from './disassemble-prefixes.ts';

export { mnemonicOf } from './disassemble-mnemonics.ts';

/** Assembly text at `pc`, the address in its segment. */
export function disassemble(i: Decoded, pc: bigint): string {
  const shown = namedPredicate(i) === undefined ? i.operands.length : i.operands.length - 1;
  const operands = Array.from({ length: shown }, (_, k) => operandText(i, k, pc));
  if (i.row.mnemonic === 'xlat') operands.push(tableText(i));
  const name = [...prefixWords(i), mnemonicOf(i)].join(' ');
  return operands.length === 0 ? name : `${name} ${operands.join(',')}`;
}
