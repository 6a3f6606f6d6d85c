// Privileged instructions, trap entry and return, and delegation, here and under qemu-system-riscv64.
import { type BareCase, compareWithQemu } from './bare-image.ts';

const MODES = [0, 1, 3];
const TSR_TW_TVM = ['0', '1 << 20', '1 << 21', '1 << 22', '7 << 20'];

const EBREAK = '3.1.16: mtval is zero or the address for EBREAK; ours is the address';
const MPRV = '3.1.6.4: a return to a mode below M clears MPRV';

const privileged: BareCase[] = MODES.flatMap((mode) =>
  TSR_TW_TVM.flatMap((bits) =>
    [
      'sfence.vma',
      'sfence.vma t0, zero',
      'sfence.vma zero, t0',
      'sfence.vma t0, t0',
      'csrr t1, satp',
      'csrw satp, zero',
      'ecall',
      'ebreak',
      'wfi',
    ]
      .filter((instruction) => instruction !== 'wfi' || mode !== 0 || bits === '0')
      .map((instruction) => ({
        name: `${instruction} in mode ${mode}, mstatus ${bits}`,
        differs: instruction === 'ebreak' ? EBREAK : undefined,
        code: `
  li t0, ${bits}
  csrs mstatus, t0
  # A pending interrupt that is enabled but not taken, so that WFI goes on.
  ${mode === 0 ? '' : 'csrwi mideleg, 2\n  csrwi mie, 2\n  csrwi mip, 2'}
  enter ${mode}
  ${instruction}
  li t1, 0
  emit t1
  leave`,
      })),
  ),
);

/** From `mode`, where the return itself may be illegal, to what xPP says; an ECALL there shows where it arrived. */
const returns: BareCase[] = MODES.flatMap((mode) =>
  ['mret', 'sret'].flatMap((instruction) =>
    [
      'sret' === instruction ? ['0', '1 << 8'] : [],
      'mret' === instruction && mode === 3 ? ['0', '1 << 11', '3 << 11'] : [],
      mode !== 3 ? ['0', '1 << 22'] : [],
    ]
      .flat()
      .flatMap((previous) =>
        ['0', '1 << 5 | 1 << 7', '1 << 1 | 1 << 3', '1 << 17', '0xaa | 1 << 17'].map((bits) => ({
          name: `${instruction} in mode ${mode}, mstatus ${previous} and ${bits}`,
          differs: mode === 3 && previous !== '3 << 11' && bits.includes('17') ? MPRV : undefined,
          code: `
  la t1, 6f
  csrw sepc, t1
  ${mode === 3 ? '' : `enter ${mode}`}
  ${
    mode === 3
      ? `la t1, 6f
  csrw mepc, t1
  li t0, 3 << 11
  csrc mstatus, t0
  li t0, ${previous} | ${bits}
  csrs mstatus, t0`
      : ''
  }
  ${instruction}
  li t1, 0x66
  emit t1
6:
  ecall
  leave`,
        })),
      ),
  ),
);
/** In lower modes only mstatus as it was before matters. */
const lower: BareCase[] = ['0', '1 << 22', '1 << 8', '1 << 5', '1 << 8 | 1 << 5', '1 << 17'].map((bits) => ({
  name: `sret in S-mode, mstatus ${bits}`,
  differs: bits === '1 << 17' ? MPRV : undefined,
  code: `
  la t1, 6f
  csrw sepc, t1
  li t0, ${bits}
  csrs mstatus, t0
  enter 1
  sret
  li t1, 0x66
  emit t1
6:
  ecall
  leave`,
}));

const EXCEPTIONS: Readonly<Record<string, string>> = {
  'illegal word': '.word 0xffffffff',
  'illegal word of zeros and more': '.word 0x00000057',
  'illegal CSR': 'csrr t1, 0x3d0',
  'custom-0': '.word 0x0000000b',
  'illegal compressed word': '.half 0x8002, 1',
  'compressed word of zeros': '.half 0, 1',
  'compressed ebreak': '.half 0x9002, 1',
  ebreak: 'ebreak',
  ecall: 'ecall',
  'load from nothing': 'li t1, 0x200010\n  ld t1, 0(t1)',
  'byte load from nothing': 'li t1, 0x200011\n  lb t1, 0(t1)',
  'store to nothing': 'li t1, 0x200018\n  sw t1, 0(t1)',
  'AMO on nothing': 'li t1, 0x200018\n  amoadd.w t1, t1, (t1)',
  'LR from nothing': 'li t1, 0x200018\n  lr.w t1, (t1)',
  'misaligned LR': 'la t1, data\n  addi t1, t1, 2\n  lr.w t1, (t1)',
  'misaligned SC': 'la t1, data\n  addi t1, t1, 2\n  sc.w t1, t1, (t1)',
  'misaligned AMO': 'la t1, data\n  addi t1, t1, 4\n  amoswap.d t1, t1, (t1)',
};

const EXCEPTION_DIFFERS: Readonly<Record<string, string | undefined>> = {
  ebreak: EBREAK,
  'compressed ebreak': EBREAK,
  'AMO on nothing': '3.1.15: an AMO raises store/AMO exceptions, never a load’s',
  'misaligned AMO': '3.1.15: an AMO raises store/AMO exceptions, never a load’s',
  'misaligned SC': 'Zalrsc: a misaligned SC raises an exception, reservation or not',
};
const exceptions: BareCase[] = MODES.flatMap((mode) =>
  Object.entries(EXCEPTIONS).flatMap(([name, code]) =>
    ['0', '~(1 << 9)', '~(1 << 9 | 1 << 2)'].flatMap((medeleg) =>
      ['0', '0x2', '0x8'].map((enables) => ({
        differs: EXCEPTION_DIFFERS[name],
        name: `${name} in mode ${mode}, medeleg ${medeleg}, xIE ${enables}`,
        code: `
  li t0, ${medeleg}
  csrw medeleg, t0
  li t0, ${enables}
  csrs mstatus, t0
  enter ${mode}
  ${code}
  emit t1
  ${mode === 0 ? '' : 'csrr t1, sstatus\n  emit t1'}
  leave`,
      })),
    ),
  ),
);

/** Loads and stores by M-mode under MPRV, which translates and protects them as MPP's mode (Priv. spec 3.1.6.4). */
const TABLE = `
  la t0, table
  # Entry 2: RAM where it is, for S-mode. Entry 0: RAM once more, for U-mode; there is nothing at 0x200000 itself.
  li t1, 0x80000000 >> 12 << 10 | 0xcf
  sd t1, 16(t0)
  li t1, 0x80000000 >> 12 << 10 | 0xdf
  sd t1, 0(t0)
  srli t0, t0, 12
  li t1, 8 << 60
  or t0, t0, t1
  csrw satp, t0
  sfence.vma`;
const modifyPrivilege: BareCase[] = MODES.flatMap((mpp) =>
  ['0', '1 << 17'].flatMap((mprv) =>
    ['0', '1 << 18'].flatMap((sum) =>
      ['0', '0x200000 - 0x80000000'].map((offset) => ({
        name: `MPRV ${mprv}, MPP ${mpp}, SUM ${sum}, at ${offset}`,
        code: `${TABLE}
  la s0, 6f
  csrw mtvec, s0
  la a0, data
  li t0, ${offset}
  add a0, a0, t0
  li t0, 3 << 11
  csrc mstatus, t0
  li t0, ${mpp} << 11 | ${mprv} | ${sum}
  csrs mstatus, t0
  li t1, 0x99
  ld t1, 0(a0)
  nop
  .balign 4
6:
  # Whether or not it trapped: results are stored with MPRV off.
  li t0, 1 << 17
  csrrc t2, mstatus, t0
  emit t1
  emit t2
  csrr t1, mcause
  emit t1
  csrr t1, mtval
  emit t1`,
      })),
    ),
  ),
);

compareWithQemu('Privileged instructions', [...privileged, ...returns, ...lower]);
/** With ECALL from S-mode delegated to S-mode, an illegal instruction is the way out. */
const toItself: BareCase[] = ['0x0', '0x2', '0x20', '0x22'].map((bits) => ({
  name: `ecall from S-mode to S-mode, mstatus ${bits}`,
  code: `
  li t0, 1 << 9
  csrw medeleg, t0
  li t0, ${bits}
  csrs mstatus, t0
  enter 1
  ecall
  csrr t1, sstatus
  emit t1
  li a7, 0x77
  .word 0xffffffff
  li a7, 0`,
}));

compareWithQemu('Exceptions and their delegation', [...exceptions, ...toItself]);
compareWithQemu('MPRV', modifyPrivilege);
