import { beforeEach, describe, expect, it } from 'vitest';
import { extractFields, insertFields, type Row } from '../../../machine/decode/index.ts';
import { Machine, type Trap } from '../../../machine/index.ts';
import { CAUSE } from '../../../machine/riscv/causes.ts';
import { STATUS } from '../../../machine/riscv/csr-status.ts';
import { TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { F, FFLAGS, FRM, SLOTS, X } from '../../../machine/riscv/registers.ts';
import { random32, randomWordOf } from '../words.ts';

const MSTATUS = SLOTS.get('mstatus');
const FS = { off: 0n, initial: 1n << 13n, clean: 2n << 13n, dirty: 3n << 13n };
const machine = new Machine({
  isa: RISCV64,
  memory: 0x4000,
  harts: 1,
  hardwareAd: false,
  console: { output: () => {}, input: () => -1 },
});
const [hart] = machine.harts;
let trap: Trap | undefined;
machine.observer = ({ trap: taken }) => {
  trap = { ...taken };
};

/** Runs one instruction in M-mode; its trap, if it took one. */
function step(word: number): Trap | undefined {
  trap = undefined;
  machine.bus.write(RISCV64.ramBase, 4, BigInt(word));
  hart.pc = RISCV64.ramBase;
  machine.run(1);
  return trap;
}
const illegal = (word: number) => ({ cause: CAUSE.illegalInstruction, value: BigInt(word) });

const usesF = ({ syntax }: Row) => /\bf[ds]\d?\b/.test(syntax);
const ROWS = [...TABLE_32.rows, ...TABLE_16.rows].filter(usesF);
const named = (row: Row) => row.syntax.split(' ')[0];

beforeEach(() => machine.reset());

it('30 rows of F, 32 of D and 4 of C use f registers', () => {
  expect(ROWS.length).toBe(66);
});

describe.each(ROWS.map((row) => [named(row), row] as const))('%s', (_, row) => {
  const random = random32(row.pattern.value);
  const words = Array.from({ length: 8 }, () => randomWordOf(row, random));

  it('is illegal while mstatus.FS is off, before it accesses memory (Priv. spec 3.1.6.6)', () => {
    for (const word of words) {
      // No memory at 0, where every load and store would go.
      expect(step(word)).toMatchObject(illegal(word));
      expect(hart.get(MSTATUS) & STATUS.FS).toBe(FS.off);
    }
  });

  it('makes FS dirty exactly when it writes an f register', () => {
    const fields = extractFields(row.pattern, words[0]);
    // The operands are zeros: no operation but a division raises flags.
    const word = insertFields(row.pattern, { ...fields, ...('rm' in fields ? { rm: 0 } : {}) });
    const writes = /\bfd\b/.test(row.syntax) || named(row).startsWith('fdiv');
    for (const before of [FS.initial, FS.clean]) {
      machine.reset();
      for (const slot of X.slice(1)) hart.set(slot, RISCV64.ramBase + 0x2000n);
      for (const slot of F) hart.set(slot, named(row).endsWith('.s') ? 0xffff_ffff_0000_0000n : 0n);
      hart.set(MSTATUS, before);
      expect(step(word)).toBeUndefined();
      expect(hart.get(MSTATUS) & STATUS.FS).toBe(writes ? FS.dirty : before);
    }
  });
});

describe('mstatus.FS and flags', () => {
  it('a comparison that raises a flag makes FS dirty', () => {
    hart.set(MSTATUS, FS.clean);
    hart.set(F[1], 0x7ff0_0000_0000_0001n);
    // feq.d a0, ft1, ft1
    expect(step(0xa210_a553)).toBeUndefined();
    expect(hart.get32(FFLAGS)).toBe(16);
    expect(hart.get(MSTATUS) & STATUS.FS).toBe(FS.dirty);
  });
});

describe('a rounding mode that frm does not hold (Unpriv. "Floating-Point Control and Status Register")', () => {
  const withRm = ROWS.filter(({ pattern }) => pattern.fields.some(({ name }) => name === 'rm'));
  it.each(withRm.map((row) => [named(row), row] as const))('%s', (_, row) => {
    const fields = extractFields(row.pattern, row.pattern.value);
    for (const frm of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const rm of [0, 1, 2, 3, 4, 7]) {
        hart.set(MSTATUS, FS.dirty);
        hart.set32(FRM, frm);
        const word = insertFields(row.pattern, { ...fields, rm });
        const taken = step(word);
        if (rm === 7 && frm >= 5) expect(taken).toMatchObject(illegal(word));
        else expect(taken).toBeUndefined();
      }
    }
  });
});

describe('NaN boxing (Unpriv. "NaN Boxing of Narrower Values")', () => {
  const ONE = 0x3f80_0000n;
  const unboxed = 0xffff_fffe_0000_0000n | ONE;
  const boxed = (bits: bigint) => 0xffff_ffff_0000_0000n | bits;
  const NAN = 0x7fc0_0000n;
  // f1 holds 1.0 badly boxed, f2 −2.0 well; the result in f3, or x3
  const cases: [string, number, bigint][] = [
    ['fadd.s f3,f1,f2', 0x0020_81d3, boxed(NAN)],
    ['fmadd.s f3,f2,f2,f1', 0x0821_01c3, boxed(NAN)],
    ['fmin.s f3,f1,f2', 0x2820_81d3, boxed(0xc000_0000n)],
    ['fsgnj.s f3,f1,f2', 0x2020_81d3, boxed(NAN | 0x8000_0000n)],
    ['fsgnj.s f3,f2,f1', 0x2011_01d3, boxed(0x4000_0000n)],
    ['fsgnjn.s f3,f2,f1', 0x2011_11d3, boxed(0xc000_0000n)],
    ['fsgnjx.s f3,f2,f1', 0x2011_21d3, boxed(0xc000_0000n)],
    ['fcvt.d.s f3,f1', 0x4200_81d3, 0x7ff8_0000_0000_0000n],
    ['fclass.s x3,f1', 0xe000_91d3, 0x200n],
    ['feq.s x3,f1,f1', 0xa010_a1d3, 0n],
    ['fcvt.l.s x3,f1', 0xc020_81d3, 0x7fff_ffff_ffff_ffffn],
    // Transfers take the bits as they are
    ['fmv.x.w x3,f1', 0xe000_81d3, ONE],
    ['fmv.x.d x3,f1', 0xe200_81d3, unboxed],
    ['fsgnj.d f3,f1,f1', 0x2210_81d3, unboxed],
    // and narrower results are boxed
    ['fmv.w.x f3,x1', 0xf000_81d3, boxed(0x89ab_cdefn)],
    ['fcvt.s.w f3,x0', 0xd000_01d3, boxed(0n)],
    ['flw f3,8(x2)', 0x0081_2187, boxed(0x89ab_cdefn)],
    ['fld f3,8(x2)', 0x0081_3187, 0x0123_4567_89ab_cdefn],
  ];
  it.each(cases)('%s', (text, word, result) => {
    hart.set(MSTATUS, FS.dirty);
    hart.set(F[1], unboxed);
    hart.set(F[2], boxed(0xc000_0000n));
    hart.set(X[1], 0x0123_4567_89ab_cdefn);
    hart.set(X[2], RISCV64.ramBase + 0x1000n);
    machine.bus.write(RISCV64.ramBase + 0x1008n, 8, 0x0123_4567_89ab_cdefn);
    expect(step(word)).toBeUndefined();
    expect(hart.get(/ x3,/.test(text) ? X[3] : F[3])).toBe(result);
  });

  it.each([
    ['fsw f1,8(x2)', 0x0011_2427, 0x0123_4567_3f80_0000n],
    ['fsd f1,8(x2)', 0x0011_3427, unboxed],
  ])('%s', (_, word, result) => {
    hart.set(MSTATUS, FS.dirty);
    hart.set(F[1], unboxed);
    hart.set(X[2], RISCV64.ramBase + 0x1000n);
    machine.bus.write(RISCV64.ramBase + 0x1008n, 8, 0x0123_4567_89ab_cdefn);
    expect(step(word)).toBeUndefined();
    expect(machine.bus.read(RISCV64.ramBase + 0x1008n, 8)).toBe(result);
  });
});
