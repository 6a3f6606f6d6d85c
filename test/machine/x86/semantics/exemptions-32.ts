import type { Difference, Exemption } from './case.ts';
import { OUTPUT } from './layout.ts';

const [BP, SS, GP, PF] = [3n, 12n, 13n, 14n];
const ESP = OUTPUT.r + 4;
const CODE_SEGMENT = 1;
const GS = 5;

const mnemonic = ({ case: c }: Difference): string => c.instruction.row.mnemonic;
const vector = ({ here }: Difference): bigint => here[OUTPUT.vector];
/** From here on the outsider has memory of its own. */
const OUTSIDER = 0x1000_0000n;
const inMemoryOnly = ({ words }: Difference): boolean => words.every((i) => i >= OUTPUT.memory);

/** Where qemu-i386 7.2 is not the manual, beside what qemu-x86_64 is not. */
export const EXEMPTIONS_32: readonly Exemption[] = [
  {
    clause: 'none: what a case meets at a random address is the outsider’s own memory',
    holds: (d) => vector(d) === PF && d.here[OUTPUT.address] >= OUTSIDER,
  },
  {
    clause: 'SDM vol. 2B, RET: imm16 is a count of bytes, which qemu-i386 takes for a signed number',
    holds: (d) => mnemonic(d) === 'retf' && d.words.every((i) => i === ESP),
  },
  {
    clause: 'SDM vol. 3A, 5.4.1: memory through a null selector is #GP, which qemu-i386 does not check',
    holds: (d) => vector(d) === GP && (d.case.instruction.address?.segment ?? d.case.instruction.segment) === GS,
  },
  {
    clause: 'SDM vol. 3A, 5.5: code is not written, which qemu-i386 does not check',
    holds: (d) =>
      vector(d) === GP && (d.case.instruction.address?.segment ?? d.case.instruction.segment) === CODE_SEGMENT,
  },
  {
    clause: 'SDM vol. 2B, PUSH: a segment register is written with a 16-bit move or zero-extended',
    holds: (d) =>
      mnemonic(d) === 'push' &&
      d.case.instruction.operands[0].kind === 'segment' &&
      inMemoryOnly(d) &&
      vector(d) === BP,
  },
  {
    clause: 'SDM vol. 3A, 6.5: of a fault nothing remains, though qemu-i386 has popped or pushed a part',
    holds: (d) =>
      /^(popa|pusha|enter)$/.test(mnemonic(d)) &&
      (vector(d) === PF || vector(d) === SS) &&
      d.words.every((i) => i >= OUTPUT.r && i !== OUTPUT.rflags),
  },
];
