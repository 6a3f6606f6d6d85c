import { expect, it } from 'vitest';
import { TABLE_32 } from '../../../machine/riscv/decode.ts';
import { describeWith } from '../../toolchain.ts';
import { random32, randomWordOf, withNeighbours } from '../words.ts';
import { OBJDUMP, objdump } from './objdump.ts';
import { compressedWords, textOf } from './words.ts';

/** A word on which this decoder and the toolchain's differ, with the texts of both. */
interface Difference {
  readonly word: number;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Where the toolchain's disassembler is not the manual: which words, what each says, and the clause. */
const EXCEPTIONS: readonly { clause: string; holds(difference: Difference): boolean }[] = [
  {
    clause:
      'Unpriv. "Memory Ordering Instructions": base implementations shall treat reserved fields of FENCE as normal fences',
    holds: ({ word, ours, theirs }) => (word & 0x707f) === 0x000f && ours !== undefined && theirs === undefined,
  },
  {
    clause: 'Unpriv. "Zifencei": the unused fields of FENCE.I are reserved, and to be ignored',
    holds: ({ word, ours, theirs }) => (word & 0x707f) === 0x100f && ours === 'fence.i' && theirs === undefined,
  },
  {
    clause: 'Unpriv. "Floating-Point Control and Status Register": rm values 5 and 6 are reserved',
    holds: ({ ours, theirs }) => ours === undefined && /,unknown$/.test(theirs ?? ''),
  },
  {
    clause: 'Unpriv. "D": FCVT.D.W[U] and FCVT.D.S have an rm field, though their results are exact',
    holds: ({ word, theirs }) => {
      const exact = [0xd2000053, 0xd2100053, 0x42000053].includes((word & 0xfff0007f) >>> 0);
      const rm = (word >>> 12) & 7;
      return exact && rm !== 0 && rm !== 5 && rm !== 6 && theirs === undefined;
    },
  },
  {
    clause:
      'Priv. "CSR Listing": CSRs that this machine lacks have no name here; whether one exists shows when it is accessed',
    holds: ({ ours, theirs }) => {
      const [mine, other] = [ours, theirs].map((text) => /^(csr\S+ \w+),(\w+),(\w+)$/.exec(text ?? ''));
      return mine?.[1] === other?.[1] && mine?.[3] === other?.[3] && /^0x/.test(mine?.[2] ?? '');
    },
  },
  {
    clause: 'Unpriv. "Integer Register-Immediate Operations" of "C": C.ADDI16SP with nzimm=0 is reserved',
    holds: ({ word, ours }) => word === 0x6101 && ours === undefined,
  },
  {
    clause: 'Priv. "CSR Listing": cycle is read-only, which is what makes the toolchain call a write of it UNIMP',
    holds: ({ ours, theirs }) => ours === 'csrrw zero,cycle,zero' && theirs === 'unimp',
  },
  {
    clause: 'Priv. "RISC-V Privileged Instruction Set Listings": no URET, HRET, DRET or SFENCE.VM',
    holds: ({ ours, theirs }) => ours === undefined && /^([uhd]ret|sfence\.vm .*|sfence\.vm)$/.test(theirs ?? ''),
  },
];

const met = new Set<string>();

/** Compares what each word is called at address index × size. Returns differences that no exception covers. */
function differences(words: readonly number[], size: 2 | 4): string[] {
  const texts = objdump(words, size);
  const found: string[] = [];
  words.forEach((word, i) => {
    const ours = textOf(word, size, i * size);
    const theirs = texts[i];
    if (ours === theirs) return;
    const exception = EXCEPTIONS.find(({ holds }) => holds({ word, ours, theirs }));
    if (exception) met.add(exception.clause);
    else if (found.length < 20) found.push(`${word.toString(16)}: ${ours}, ${OBJDUMP}: ${theirs}`);
  });
  return found;
}

/** 48-bit and longer instructions begin with five ones ("Expanded Instruction-Length Encoding"). */
const longer = (word: number) => (word & 0x1f) === 0x1f;

describeWith([OBJDUMP], 'valid encodings and their assembly are the toolchain’s', () => {
  it('all 16-bit words', () => {
    expect(differences(compressedWords(), 2)).toEqual([]);
  });

  it('every 32-bit pattern and its single-bit neighbours, fields random', () => {
    const random = random32(1);
    const words = TABLE_32.rows.flatMap((row) =>
      Array.from({ length: 24 }, () => randomWordOf(row, random)).flatMap(withNeighbours),
    );
    expect(
      differences(
        words.filter((word) => (word & 3) === 3 && !longer(word)),
        4,
      ),
    ).toEqual([]);
  });

  it('all SYSTEM words with rs1 and rd among 0 and 1: every CSR and every privileged encoding', () => {
    const words: number[] = [];
    for (let high = 0; high < 0x1000; high++) {
      for (const low of [0x0073, 0x80f3, 0x8073, 0x00f3]) {
        for (let funct3 = 0; funct3 < 8; funct3++) words.push(((high << 20) | (funct3 << 12) | low) >>> 0);
      }
    }
    expect(differences(words, 4)).toEqual([]);
  });

  it('10⁶ random 32-bit words', () => {
    const random = random32(2);
    const words: number[] = [];
    while (words.length < 1e6) {
      const word = (random() | 3) >>> 0;
      if (!longer(word)) words.push(word);
    }
    expect(differences(words, 4)).toEqual([]);
  });

  it('every exception is met', () => {
    expect(EXCEPTIONS.map(({ clause }) => clause).filter((clause) => !met.has(clause))).toEqual([]);
  });
});
