import { type Difference, type Exemption, last, SIGNAL } from '../../semantics/case.ts';
import { differing } from './compare.ts';
import { OUTPUT } from './layout.ts';

const signal = (words: BigUint64Array) => Number(words[OUTPUT.signal]);

/** Where qemu-riscv64 and this machine may both be right, each with the clause that lets them. */
export const EXEMPTIONS: readonly Exemption[] = [
  {
    // qemu looks at the memory only once the reservation is found to hold.
    clause: 'A: "For the purposes of memory protection, a failed SC.W may be treated like a store."',
    holds: ({ case: c, here, there }: Difference) =>
      last(c).mnemonic.startsWith('sc.') && signal(here) !== SIGNAL.SIGTRAP && signal(there) === SIGNAL.SIGTRAP,
  },
  {
    clause: "Zicntr: what cycle, time and instret count to is the platform's",
    holds: ({ case: c, here, there }: Difference) =>
      /,(cycle|time|instret),/.test(last(c).text(0n)) &&
      differing(here, there).every((i) => i >= OUTPUT.x && i < OUTPUT.f),
  },
];
