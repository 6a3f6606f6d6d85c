import { expect, it } from 'vitest';
import { describeWith } from '../../../toolchain.ts';
import { build, HEAD, here, outside } from '../../programs.ts';

const COMPILER = 'aarch64-linux-gnu-gcc';

/** Every register of the ID space by its generic name: op0 3, op1 0, CRn 0. */
const registers = [0, 2, 3, 4, 5, 6, 7].flatMap((CRm) =>
  Array.from({ length: 8 }, (_, op2) => ({ CRm, op2, name: `S3_0_C0_C${CRm}_${op2}` })),
);

/** What Linux documents as readable at CRm 0. */
const known = registers.filter(({ CRm, op2 }) => CRm !== 0 || [0, 5, 6].includes(op2));

const READ_ALL = `${HEAD}
int main(void) {
  unsigned long value;
${known.map(({ name }) => `  __asm__ volatile("mrs %0, ${name}" : "=r"(value)); printf("${name} %lx\\n", value);`).join('\n')}
  return 0;
}`;

/** A program that executes the instructions whose number it is given, with a register that holds 5, and prints that. */
const oneOf = (instructions: readonly string[]) => `${HEAD}
int main(int argc, char **argv) {
  unsigned long value = 5;
  switch (atoi(argv[1])) {
${instructions.map((text, i) => `    case ${i}: __asm__ volatile("${text}" : "+r"(value) : : "x9", "x10"); break;`).join('\n')}
  }
  printf("%lx\\n", value);
  return 0;
}`;

const AUXILIARY = `${HEAD}
#include <sys/auxv.h>
#include <sys/utsname.h>
int main(void) {
  struct utsname name;
  uname(&name);
  printf("%lx %lx %s %s\\n", getauxval(AT_HWCAP), getauxval(AT_HWCAP2), (char *)getauxval(AT_PLATFORM), name.machine);
  unsigned long isar0, isar1, pfr0;
  __asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
  __asm__ volatile("mrs %0, id_aa64isar1_el1" : "=r"(isar1));
  __asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
  unsigned long told = 1 << 11;
  if ((pfr0 >> 16 & 15) != 15) told |= 1 << 0;
  if ((pfr0 >> 20 & 15) != 15) told |= 1 << 1;
  if (isar0 >> 16 & 15) told |= 1 << 7;
  if ((isar0 >> 20 & 15) >= 2) told |= 1 << 8;
  if (isar1 >> 20 & 15) told |= 1 << 15;
  printf("%d\\n", told == getauxval(AT_HWCAP));
  return 0;
}`;

// Linux, Documentation/arm64/cpu-feature-registers.rst.
describeWith([COMPILER], 'HWCAP_CPUID: the ID registers as user mode is told of them', () => {
  it('fields that are listed as they are, the others as the lowest of any machine, unallocated ones zero', () => {
    const { status, out } = here(build('aarch64', 'id-all', READ_ALL, COMPILER, ['-static']), [], '');
    expect(status).toBe(0);
    const values = new Map(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    const told = [...values].filter(([name, value]) => value !== '0' && !name.startsWith('S3_0_C0_C0_'));
    expect(told).toEqual([
      // AArch64 alone at EL0 and EL1; FP and AdvSIMD without half precision.
      ['S3_0_C0_C4_0', '11'],
      ['S3_0_C0_C5_0', '6'],
      // CRC32, and Atomic 2: LSE.
      ['S3_0_C0_C6_0', '210000'],
      // LRCPC.
      ['S3_0_C0_C6_1', '100000'],
      ['S3_0_C0_C7_0', 'ff000000'],
    ]);
    expect(values.get('S3_0_C0_C0_5')).toBe('80000000');
    expect(values.get('S3_0_C0_C0_0')).not.toBe('0');
    expect(values.size).toBe(known.length);
  });

  it('AT_HWCAP says the same as the registers', () => {
    const { out } = here(build('aarch64', 'id-auxiliary', AUXILIARY, COMPILER, ['-static']), [], '');
    expect(out).toBe('8983 0 aarch64 aarch64\n1\n');
  });
});

describeWith(
  [COMPILER, 'qemu-aarch64'],
  'system registers and instructions of user mode, as under qemu-aarch64',
  () => {
    const CASES: readonly (readonly [name: string, instruction: string, status: number])[] = [
      ['SCTLR_EL1', 'mrs %0, sctlr_el1', 132],
      ['an ID register is not written', 'msr midr_el1, %0', 132],
      ['CRm 0 beyond MIDR_EL1, MPIDR_EL1 and REVIDR_EL1', 'mrs %0, S3_0_C0_C0_1', 132],
      ['VBAR_EL1', 'msr vbar_el1, %0', 132],
      ['HVC', 'hvc #0', 132],
      ['a value for XZR is lost, and the next instruction runs', 'mrs xzr, midr_el1\\n add %0, %0, #1', 0],
      [
        'TPIDR_EL0 is the program’s own',
        'mrs x10, tpidr_el0\\n msr tpidr_el0, %0\\n mrs %0, tpidr_el0\\n msr tpidr_el0, x10',
        0,
      ],
      ['FPCR', 'mov x9, #0x400000\\n msr fpcr, x9\\n mrs %0, fpcr\\n msr fpcr, xzr', 0],
      ['NZCV', 'mov x9, #0xa0000000\\n msr nzcv, x9\\n mrs %0, nzcv', 0],
    ];
    it.each(CASES.map((row, i) => [...row, i] as const))('%s', (_name, _instruction, status, i) => {
      const source = oneOf(CASES.map(([, instruction]) => instruction));
      const program = build('aarch64', 'instructions', source, COMPILER, ['-static']);
      const expected = outside(program, [`${i}`], '');
      expect(expected.status).toBe(status);
      expect(here(program, [`${i}`], '')).toEqual(expected);
    });
  },
);
