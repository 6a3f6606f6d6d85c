import type { Difference, Exemption } from './case.ts';
import { FX, INPUT, OUTPUT } from './layout.ts';

const BP = 3n;
const PF = 14n;
const GP = 13n;
const MF = 16n;
const XM = 19n;
const SS = 12n;
const SIGILL = 4n;
/** In the status word, and its mask in the control word. */
const DE = 2n;
const SIGTRAP = 5n;
const RSP = OUTPUT.r + 4;
const FIRST_ST = OUTPUT.fx + FX.st;
const LAST_ST = OUTPUT.fx + FX.xmm;

const mnemonic = ({ case: c }: Difference): string => c.instruction.row.mnemonic;
const inMemory = ({ case: c }: Difference): boolean => c.instruction.operands.some(({ kind }) => kind === 'memory');
/** Whether only x87's state differs: words and registers. */
const x87Alone = ({ words }: Difference): boolean =>
  words.every((i) => i === OUTPUT.fx || (i >= FIRST_ST && i < LAST_ST));

const TRANSCENDENTAL = /^(f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos)$/;
/** C1, PE and, where an exception waits, ES and B in the first word of the FXSAVE image. */
const C1 = 0x200n << 16n;
const INEXACT = 0x20n << 16n;
const WAITS = 0x8080n << 16n;
/** In MXCSR: misaligned operands of SSE are allowed. */
const MM = 1n << 17n;
const INPUT_ST = INPUT.fx + FX.st;

/** Whether two of x87's registers, whose first words these are, hold numbers so many units in the last place apart or fewer. */
function areNear(at: number, { here, there }: Difference, units: bigint): boolean {
  const place = (words: BigUint64Array) => ((words[at + 1] & 0x7fffn) << 63n) + BigInt.asUintN(63, words[at]);
  const distance = place(here) - place(there);
  const sameSign = ((here[at + 1] ^ there[at + 1]) & 0x8000n) === 0n;
  return sameSign && distance <= units && distance >= -units;
}

/** Whether an angle is reduced, of which the host's processor keeps few bits more than it shows. */
const isReduced = (d: Difference): boolean =>
  /^f(sin|cos|ptan|sincos)$/.test(mnemonic(d)) && (d.case.input[INPUT_ST + 1] & 0x7fffn) > 0x3ffdn;

/** Whether only these bits of the control and status words differ, and x87's registers by so many units or fewer. */
const isNearlyThere = (d: Difference, bits: bigint, units: bigint): boolean =>
  d.words.every((i) => {
    if (i === OUTPUT.fx) return ((d.here[i] ^ d.there[i]) & 0xff_ffff_ffffn & ~bits) === 0n;
    return i >= FIRST_ST && i < LAST_ST && areNear(i - ((i - FIRST_ST) & 1), d, units);
  });

/** Where the host's processor, AMD's, and this machine, Intel's by the manual, may both be right. */
export const EXEMPTIONS: readonly Exemption[] = [
  {
    // Linux tells a process that all of the kernel's half is there (arch/x86/mm/fault.c, sanitize_error_code).
    clause: 'SDM vol. 3A, 4.7: P of the error code of an address in the upper half',
    holds: ({ here, there, words }) =>
      here[OUTPUT.vector] === PF &&
      here[OUTPUT.address] >> 63n === 1n &&
      words.length === 1 &&
      words[0] === OUTPUT.error &&
      (here[OUTPUT.error] ^ there[OUTPUT.error]) === 1n,
  },
  {
    clause: 'SDM vol. 2A, CVTPI2PS: a transition to MMX, which AMD’s processors make for a register alone',
    holds: (d) => mnemonic(d) === 'cvtpi2ps' && inMemory(d) && (x87Alone(d) || d.here[OUTPUT.vector] === MF),
  },
  {
    // The host's processor has made it by then.
    clause: 'SDM vol. 1, 9.6.2: of an instruction that faults there is no transition to MMX',
    holds: (d) =>
      /^(cvt\w*pi|cvtpi\w*|maskmovq)$/.test(mnemonic(d)) &&
      (d.here[OUTPUT.vector] === XM || d.here[OUTPUT.vector] === PF) &&
      d.words.every((i) => i === OUTPUT.address || i === OUTPUT.fx || (i >= FIRST_ST && i < LAST_ST)),
  },
  {
    clause: 'SDM vol. 1, 8.5.2: of an unmasked denormal operand TOP stays, though AMD’s processors have FLD push it',
    holds: (d) => {
      const [operand] = d.case.instruction.operands;
      const [fcw, fsw] = [d.here[OUTPUT.fx], d.here[OUTPUT.fx] >> 16n];
      const narrow = operand?.kind === 'memory' && operand.size < 10;
      return mnemonic(d) === 'fld' && narrow && (fsw & ~fcw & DE) !== 0n && x87Alone(d);
    },
  },
  {
    clause: 'SDM vol. 1, 8.3.10: transcendentals are right to a unit in the last place, and C1 is as it was rounded to',
    holds: (d) => {
      const inexact = (d.here[OUTPUT.fx] & d.there[OUTPUT.fx] & INEXACT) !== 0n;
      return TRANSCENDENTAL.test(mnemonic(d)) && inexact && isNearlyThere(d, C1, isReduced(d) ? 256n : 1n);
    },
  },
  {
    clause: 'SDM vol. 2A, F2XM1: of 1 and −1 the result is exact, though the host’s processor tells that it is not',
    holds: (d) =>
      mnemonic(d) === 'f2xm1' &&
      (d.case.input[INPUT_ST + 1] & 0x7fffn) === 0x3fffn &&
      d.case.input[INPUT_ST] === 1n << 63n &&
      isNearlyThere(d, C1 | INEXACT | WAITS, 1n),
  },
  {
    clause: 'SDM vol. 1, 10.2.3: bits 16 and up of MXCSR are reserved, of which AMD’s processors have 17, MM',
    holds: (d) =>
      mnemonic(d) === 'ldmxcsr' &&
      d.here[OUTPUT.vector] === GP &&
      d.there[OUTPUT.vector] === BP &&
      (d.there[OUTPUT.fx + FX.mxcsr] & MM) !== 0n,
  },
  {
    clause: 'SDM vol. 2B, MASKMOVDQU: faults by bytes that the mask leaves out are implementation-dependent',
    holds: (d) =>
      /^maskmov/.test(mnemonic(d)) &&
      d.there[OUTPUT.vector] === PF &&
      (d.here[OUTPUT.vector] === BP || d.words.every((i) => i === OUTPUT.address)),
  },
  {
    clause: 'SDM vol. 2B, REP: with a count of 0 nothing is done, INS and OUTS check no port',
    holds: (d) =>
      /^(ins|outs)$/.test(mnemonic(d)) &&
      d.case.instruction.rep !== 0 &&
      d.there[OUTPUT.vector] === GP &&
      d.here[OUTPUT.vector] === BP,
  },
  {
    clause: 'SDM vol. 2A, CMPXCHG: DEST := TEMP, a write of 32 bits, though they are not equal',
    holds: (d) => {
      const [operand] = d.case.instruction.operands;
      if (mnemonic(d) !== 'cmpxchg' || operand.kind !== 'register' || operand.size !== 4) return false;
      const at = OUTPUT.r + operand.number;
      return d.words.every((i) => i === at) && d.here[at] === BigInt.asUintN(32, d.there[at]);
    },
  },
  {
    clause: 'SDM vol. 2A, CALL: that the target is an address is found out before the return address is pushed',
    holds: (d) => mnemonic(d) === 'call' && d.here[OUTPUT.vector] === GP && d.there[OUTPUT.vector] === PF,
  },
  {
    clause: 'SDM vol. 3A, 6.5: of a fault nothing remains, though ENTER may have pushed before',
    holds: (d) =>
      mnemonic(d) === 'enter' &&
      (d.here[OUTPUT.vector] === PF || d.here[OUTPUT.vector] === SS) &&
      d.words.every((i) => i >= OUTPUT.memory || i === OUTPUT.error || i === OUTPUT.address),
  },
  {
    clause: 'SDM vol. 2B, MOVSXD r16, r/m16: two bytes of memory are read, where the host and qemu-x86_64 read four',
    holds: (d) => mnemonic(d) === 'movsxd' && d.case.instruction.operandSize === 2 && inMemory(d),
    rare: true,
  },
];

/** Where qemu-x86_64 7.2 is not the manual. */
export const EMULATOR_EXEMPTIONS: readonly Exemption[] = [
  {
    clause: 'SDM vol. 2A, 2.2.1.2: REX.W takes precedence over 66, in qemu-x86_64’s CRC32 the other way round',
    holds: (d) => mnemonic(d) === 'crc32' && d.case.instruction.operandSize === 8,
    rare: true,
  },
  {
    clause: 'SDM vol. 2A, CLFLUSH: an address that is none is #GP or #SS; qemu-x86_64 does not look at it',
    holds: (d) => mnemonic(d) === 'clflush' && d.there[OUTPUT.signal] === SIGTRAP,
    rare: true,
  },
  {
    // Its own stack, and whatever a process has beside the pages that a case gives it.
    clause: 'qemu-x86_64 has memory of its own at 4000000000',
    holds: (d) => d.here[OUTPUT.vector] === PF && d.here[OUTPUT.address] >> 32n === 0x40n,
    rare: true,
  },
  {
    clause: 'qemu-x86_64 has one signal for #SS and #GP',
    // What ENTER has pushed before stays there too.
    holds: (d) =>
      d.here[OUTPUT.vector] === SS &&
      d.words.every((i) => i === OUTPUT.signal || (mnemonic(d) === 'enter' && i >= OUTPUT.memory)),
  },
  {
    clause: 'qemu-x86_64 does not know F6 /1, 0F 18 of registers, and INT1',
    holds: (d) => {
      const { source } = d.case.instruction.row.opcode;
      return d.there[OUTPUT.signal] === SIGILL && /^(F[67] \/1|0F 18 \/r|F1)$/.test(source);
    },
  },
  {
    clause: 'SDM vol. 2A, ENTER: the new stack pointer must be writable, at which qemu-x86_64 does not look',
    holds: (d) => mnemonic(d) === 'enter' && d.here[OUTPUT.vector] === PF,
  },
  {
    clause:
      'SDM vol. 2A, CALL; vol. 2B, JMP, RET: a target that is no address is #GP before all else, in qemu-x86_64 after',
    holds: (d) => /^(call|jmp|ret)$/.test(mnemonic(d)) && d.here[OUTPUT.vector] === GP,
  },
  {
    clause: 'SDM vol. 2A, BSF, BSR: of 0 the result is undefined, in the upper half too',
    holds: (d) => {
      const [operand] = d.case.instruction.operands;
      return (
        /^bs[fr]$/.test(mnemonic(d)) && 'number' in operand && d.words.every((i) => i === OUTPUT.r + operand.number)
      );
    },
  },
  {
    clause: 'qemu-x86_64 takes RIP of SHLD and SHRD for the address before their immediate byte',
    holds: (d) => /^sh[lr]d$/.test(mnemonic(d)) && d.case.instruction.address?.base === 'rip',
  },
  {
    clause: 'qemu-x86_64 asks for the port though the count is 0',
    holds: (d) => /^(ins|outs)$/.test(mnemonic(d)) && d.here[OUTPUT.vector] === BP,
  },
  {
    clause: 'qemu-x86_64 takes the immediate of RET for a signed one',
    holds: (d) => mnemonic(d) === 'ret' && d.words.every((i) => i === RSP),
  },
  {
    clause: 'qemu-x86_64 looks at no memory for CLFLUSH',
    holds: (d) => mnemonic(d) === 'clflush' && d.here[OUTPUT.vector] === PF,
  },
  {
    clause: 'SDM vol. 2A, 2.2.1.2: REX.W goes before 66, in qemu-x86_64 not of MOVBE',
    holds: (d) => mnemonic(d) === 'movbe' && d.case.instruction.size66 && (d.case.instruction.rex & 8) !== 0,
  },
];
