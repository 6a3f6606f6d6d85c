// SDM vol. 3A, 4.5 to 4.8, here and under qemu-system-x86_64: rights, reserved bits and keys at each level, error codes and what
// a walk leaves in the entries that it used.
import { type BareCase, compareWithQemu } from './bare-image.ts';
import { COMBINATIONS, KEY } from './mmu-cases.ts';
import { NX, P, PS, type Setting, U, W } from './mmu-harness.ts';

/** Entries 2, 3, 5 and 7 of the four tables on the way. */
const ADDRESS = (2n << 39n) | (3n << 30n) | (5n << 21n) | (7n << 12n);
/** The frame to which leaves of any size lead. It begins with UD2, for fetches. */
const FRAME = 0xa0_7000n;
/** Ring 3's own view of what ring 0 has from 0 on. */
const ALIAS = 1n << 39n;

/**
 * Tries the rows at rbx, as many as r8d says, and goes on at rbp. A row: four entries, the leaf's first, CR0, CR4, EFER, PKRU,
 * IA32_PKRS, then RFLAGS, RIP, CS and SS to begin with. Each ends in an exception: UD2 where the access came through, and then
 * accessed and dirty flags are reported too. (QEMU sets accessed flags on the way to a fault.) Where an error code has RSVD,
 * the bits of r9b are set in it, so that P can be left out of the comparison.
 */
const TRY = `
  jmp 5f
  .balign 4096
mmu_1: .fill 4096
mmu_2: .fill 4096
mmu_3: .fill 4096
mmu_alias: .fill 4096
mmu_load:
  movq (%rax), %rcx
  ud2
mmu_store:
  movq %rcx, (%rax)
  ud2
mmu_try:
  andl $~4, table_4
  andl $~4, table_3
  movl $(mmu_alias + 7), table_4 + 8
  movl $(table_2 + 7), mmu_alias
  movl $${FRAME}, %eax
  movw $0x0b0f, (%rax)
1:
  movq (%rbx), %rax
  movq %rax, mmu_1 + 56
  movq 8(%rbx), %rax
  movq %rax, mmu_2 + 40
  movq 16(%rbx), %rax
  movq %rax, mmu_3 + 24
  movq 24(%rbx), %rax
  movq %rax, table_4 + 16
  movl $0x400620, %eax
  movq %rax, %cr4
  xorl %ecx, %ecx
  xorl %edx, %edx
  movl 56(%rbx), %eax
  wrpkru
  movl $0x6e1, %ecx
  movl 64(%rbx), %eax
  wrmsr
  movl $0xc0000080, %ecx
  movl 48(%rbx), %eax
  wrmsr
  movq 32(%rbx), %rax
  movq %rax, %cr0
  # A change of PGE drops all translations.
  movq 40(%rbx), %rax
  xorb $0x80, %al
  movq %rax, %cr4
  xorb $0x80, %al
  movq %rax, %cr4
  trying
  pushq 96(%rbx)
  pushq $user_stack
  pushq 72(%rbx)
  pushq 88(%rbx)
  pushq 80(%rbx)
  movabsq $${ADDRESS + 8n}, %rax
  iretq
7:
  cmpq $14, %r13
  jne 2f
  # The error code, five words above.
  testb $8, -40(%r15)
  jz 3f
  orb %r9b, -40(%r15)
  jmp 3f
2:
  movq table_4 + 16, %rdx
  andl $0x60, %edx
  .irp entry, mmu_3 + 24, mmu_2 + 40, mmu_1 + 56
  movq \\entry, %rcx
  andl $0x60, %ecx
  shll $8, %edx
  orl %ecx, %edx
  .endr
  emit %rdx
3:
  addq $104, %rbx
  decl %r8d
  jnz 1b
  jmp *%rbp
5:
`;

const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`;
const on = (flag: boolean | undefined, at: number): bigint => (flag ? 1n << BigInt(at) : 0n);

/** What a row says of a setting, in the order of `TRY`: CR0, CR4, EFER, PKRU, PKRS, RFLAGS. */
const registers = (s: Setting): bigint[] => [
  0x8000_0033n | on(s.wp, 16),
  0x620n | on(s.pge, 7) | on(s.smep, 20) | on(s.smap, 21) | on(s.pke, 22) | on(s.pks, 24),
  0x501n | on(s.nxe, 11),
  BigInt(s.pkru ?? 0),
  BigInt(s.pkrs ?? 0),
  2n | on(s.ac, 18),
];

type Combination = (typeof COMBINATIONS)[number];
const PLAIN = COMBINATIONS.filter(({ one }) => !one.implicit);
/** Combinations that each change is tried with; 61 and the number of all have no common factor, so that all have their turn. */
const TRIED = 24;
const inTurn = (turn: number): Combination[] =>
  Array.from({ length: TRIED }, (_, n) => PLAIN[((turn * TRIED + n) * 61) % PLAIN.length]);

/** A user-mode access to data that IA32_PKRS denies, were it a supervisor-mode one: QEMU has no PK in the error code. */
const deniedByPkrs = ({ setting, one }: Combination): boolean => {
  const rights = (setting.pkrs ?? 0) >>> (2 * KEY);
  const denied = (rights & 1) !== 0 || ((rights & 2) !== 0 && one.kind === 'store');
  return setting.user === true && setting.pks === true && one.kind !== 'fetch' && denied;
};

/** A leaf of a level under permissive tables, one of whose entries has bits inverted, in all rows of the case. */
function changed(
  name: string,
  level: number,
  entry: number,
  bits: bigint,
  combinations: readonly Combination[],
  { differs, added = 1 }: { differs?: string; added?: number } = {},
): BareCase {
  const below = [hex(FRAME & ~((1n << BigInt(12 + 9 * level)) - 1n)), 'mmu_1', 'mmu_2', 'mmu_3'];
  const entries = below.map((table, i) => {
    const leaf = i === level;
    const whole = P | W | U | (leaf ? BigInt(KEY) << 59n : 0n) | (leaf && level > 0 ? PS : 0n);
    return i < level ? '0' : `${leaf ? below[0] : table} + ${hex(i === entry ? whole ^ bits : whole)}`;
  });
  const rows = combinations.map(({ setting, one }) => {
    const alias = setting.user ? ` + ${hex(ALIAS)}` : '';
    const at = one.kind === 'fetch' ? hex(ADDRESS) : `mmu_${one.kind}${alias}`;
    const [cs, ss] = setting.user ? [0x23, 0x1b] : [8, 0x10];
    return `  .quad ${[...entries, ...registers(setting).map(hex), at, cs, ss].join(', ')}\n`;
  });
  const code = `
  jmp 6f
  .balign 8
8:
${rows.join('')}
6:
  leaq 8b(%rip), %rbx
  movl $${rows.length}, %r8d
  movl $${added}, %r9d
  leaq 9f(%rip), %rbp
  jmp mmu_try
9:
`;
  return { name: `a leaf of level ${level}, entry of level ${entry}: ${name}`, code, ...(differs && { differs }) };
}

const CHANGES: readonly [string, bigint][] = [
  ['nothing', 0n],
  ['P', P],
  ['R/W', W],
  ['U/S', U],
  ['XD', NX],
  ['R/W and U/S', W | U],
  ['R/W and XD', W | NX],
  ['U/S and XD', U | NX],
  ['bit 51', 1n << 51n],
  ['bit 40', 1n << 40n],
  ['bits 52 to 58', 0x7fn << 52n],
  ['bits 9 to 11, PWT and PCD', 0xe18n],
];
/** Bits that matter in a leaf of a level, or in the uppermost entry. */
const MORE: readonly [level: number, entry: number, string, bigint][] = [
  [0, 3, 'PS', PS],
  [0, 3, 'G', 1n << 8n],
  [0, 0, 'PAT and G', PS | (1n << 8n)],
  [1, 1, 'PAT and G', (1n << 12n) | (1n << 8n)],
  [1, 1, 'bit 13', 1n << 13n],
  [1, 1, 'bit 20', 1n << 20n],
  [2, 2, 'PAT and G', (1n << 12n) | (1n << 8n)],
  [2, 2, 'bit 13', 1n << 13n],
  [2, 2, 'bit 29', 1n << 29n],
];

const EACH = [0, 1, 2].flatMap((level) =>
  [0, 1, 2, 3]
    .filter((entry) => entry >= level)
    .flatMap((entry) => CHANGES.map(([name, bits]) => [level, entry, name, bits] as const)),
);
const CASES = [...EACH, ...MORE].map(([level, entry, name, bits], turn) => {
  const combinations = inTurn(turn).filter((one) => (bits & U) === 0n || !deniedByPkrs(one));
  return changed(name, level, entry, bits, combinations);
});
const DIFFERS = [
  changed('P beside RSVD', 0, 0, 1n << 51n, inTurn(0), {
    added: 0,
    differs: 'RSVD can be set only if P is also set (SDM vol. 3A, 4.7); QEMU clears P',
  }),
  changed('PK of the user’s access', 0, 0, U, PLAIN.filter(deniedByPkrs).slice(0, TRIED), {
    differs:
      'PK is of the rights that IA32_PKRS gives to the supervisor-mode address, whoever accesses it (SDM vol. 3A, 4.6.2 and 4.7)',
  }),
];

const [first, ...others] = [...CASES, ...DIFFERS];
const all = [{ ...first, code: TRY + first.code }, ...others];
compareWithQemu('page tables under QEMU', all, 'max', 40_000_000);
