// Exclusives, ordered accesses and atomics: faults, pairs, and what is not stored (Arm ARM B2.5.2, C6.2). What each
// operation computes is compared with qemu (semantics.test.ts).
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import { accessShape } from '../../../machine/access.ts';
import { analyse } from '../semantics/analysis.ts';
import { MemoryRig, PAGE, wordOf } from './memory-rig.ts';
import { decodeWord } from './words.ts';

const FIRST = 0x1_0000n;
const PERMISSION = 0x0f;
const ALIGNMENT = 0x21;
const at = (address: bigint, rights: readonly bigint[] = [PAGE.rw]) => {
  const rig = new MemoryRig(rights);
  rig.setX(1, address);
  return rig;
};

describe('without FEAT_LSE2 these must be aligned to all of what they access, whatever SCTLR_EL1.A says (B2.5.2)', () => {
  it.each<[string, number, boolean]>([
    ['485f7c20 ldxrh w0, [x1]', 2, false],
    ['885ffc20 ldaxr w0, [x1]', 4, false],
    ['c85f7c20 ldxr x0, [x1]', 8, false],
    ['48037c20 stxrh w3, w0, [x1]', 2, true],
    ['8803fc20 stlxr w3, w0, [x1]', 4, true],
    ['c8037c20 stxr w3, x0, [x1]', 8, true],
    ['887f0820 ldxp w0, w2, [x1]', 8, false],
    ['c87f8820 ldaxp x0, x2, [x1]', 16, false],
    ['88230820 stxp w3, w0, w2, [x1]', 8, true],
    ['c8238820 stlxp w3, x0, x2, [x1]', 16, true],
    ['48dffc20 ldarh w0, [x1]', 2, false],
    ['88dffc20 ldar w0, [x1]', 4, false],
    ['c8dffc20 ldar x0, [x1]', 8, false],
    ['489ffc20 stlrh w0, [x1]', 2, true],
    ['c89ffc20 stlr x0, [x1]', 8, true],
    ['78bfc020 ldaprh w0, [x1]', 2, false],
    ['f8bfc020 ldapr x0, [x1]', 8, false],
    ['48a07c22 cash w0, w2, [x1]', 2, true],
    ['c8e0fc22 casal x0, x2, [x1]', 8, true],
    ['08227c24 casp w2, w3, w4, w5, [x1]', 8, true],
    ['4862fc24 caspal x2, x3, x4, x5, [x1]', 16, true],
    ['78e00022 ldaddalh w0, w2, [x1]', 2, true],
    ['b8201022 ldclr w0, w2, [x1]', 4, true],
    ['f8206022 ldumax x0, x2, [x1]', 8, true],
    ['f8a08022 swpa x0, x2, [x1]', 8, true],
  ])('%s: %i bytes', (line, size, write) => {
    for (let offset = 1; offset < size; offset *= 2) {
      // Where they would cross pages as well, and where nothing is mapped.
      for (const address of [FIRST + BigInt(offset), FIRST + 4096n - BigInt(offset), 0x5_0000n + BigInt(offset)]) {
        const rig = at(address);
        const before = rig.registers();
        const fault = rig.run(line);
        // A read-modify-write reports a read where a read alone would have faulted (D17.2.37, WnR).
        const rmw = write && !/ st/.test(line);
        expect(fault).toMatchObject({ ec: EC.dataSame, status: ALIGNMENT, far: address, ...(!rmw && { write }) });
        expect(rig.registers()).toEqual(before);
      }
    }
    const rig = at(FIRST + BigInt(size));
    expect(rig.run(line)).toBeUndefined();
  });

  it.each([
    '085f7c20 ldxrb w0, [x1]',
    '08dffc20 ldarb w0, [x1]',
    '089ffc20 stlrb w0, [x1]',
    '08a07c22 casb w0, w2, [x1]',
    '38208022 swpb w0, w2, [x1]',
  ])('a byte is always: %s', (line) => expect(at(FIRST + 4095n).run(line)).toBeUndefined());
});

describe('compare-and-swap', () => {
  it('that does not match stores nothing: another hart’s monitor stays, and it still loads', () => {
    const rig = new MemoryRig([PAGE.rw], { harts: 2 });
    rig.put(rig.frame(0), 1, 2, 3, 4);
    for (const hart of [0, 1]) rig.setX(1, FIRST, hart);
    expect(rig.run('c85f7c25 ldxr x5, [x1]', 1)).toBeUndefined();
    rig.setX(0, 0xffff_ffff_0403_0200n);
    expect(rig.run('88e0fc22 casal w0, w2, [x1]')).toBeUndefined();
    expect([rig.x(0), rig.bytes(rig.frame(0), 5)]).toEqual([0x0403_0201n, [1, 2, 3, 4, 0]]);
    expect(rig.run('c8067c27 stxr w6, x7, [x1]', 1)).toBeUndefined();
    expect(rig.x(6, 1)).toBe(0n);
  });

  it('needs the right to write whether it matches or not', () => {
    const rig = at(FIRST, [PAGE.readOnly]);
    rig.setX(0, 5n);
    expect(rig.run('c8a07c22 cas x0, x2, [x1]')).toMatchObject({ status: PERMISSION, far: FIRST });
    rig.setX(0, 0n);
    expect(rig.run('c8a07c22 cas x0, x2, [x1]')).toMatchObject({ status: PERMISSION });
    expect(rig.run('48227c24 casp x2, x3, x4, x5, [x1]')).toMatchObject({ status: PERMISSION });
  });

  it('compares what the size says, and clears the rest of the register', () => {
    const rig = at(FIRST + 2n);
    rig.put(rig.frame(0), 1, 2, 3, 4, 5);
    rig.setX(0, 0xffff_0403n);
    rig.setX(2, 0xffff_8889n);
    expect(rig.run('48a07c22 cash w0, w2, [x1]')).toBeUndefined();
    expect([rig.x(0), rig.bytes(rig.frame(0), 5)]).toEqual([0x0403n, [1, 2, 0x89, 0x88, 5]]);
  });

  it('of a pair compares both halves, and yields both', () => {
    const rig = at(FIRST + 16n);
    rig.put(rig.frame(0) + 16n, ...Array.from({ length: 16 }, (_, i) => i));
    const [low, high] = [0x0706_0504_0302_0100n, 0x0f0e_0d0c_0b0a_0908n];
    rig.setX(4, 0x44n);
    rig.setX(5, 0x55n);
    for (const wrong of [
      [low, high ^ (1n << 63n)],
      [low ^ 1n, high],
    ]) {
      rig.setX(2, wrong[0]);
      rig.setX(3, wrong[1]);
      expect(rig.run('4822fc24 caspl x2, x3, x4, x5, [x1]')).toBeUndefined();
      expect([rig.x(2), rig.x(3), rig.bytes(rig.frame(0) + 16n, 1)]).toEqual([low, high, [0]]);
    }
    expect(rig.run('48227c24 casp x2, x3, x4, x5, [x1]')).toBeUndefined();
    expect(rig.bytes(rig.frame(0) + 16n, 16)).toEqual([0x44, 0, 0, 0, 0, 0, 0, 0, 0x55, 0, 0, 0, 0, 0, 0, 0]);
    rig.setX(2, 0xffff_ffff_0000_0044n);
    rig.setX(3, 0n);
    expect(rig.run('08627c24 caspa w2, w3, w4, w5, [x1]')).toBeUndefined();
    expect([rig.x(2), rig.x(3)]).toEqual([0x44n, 0n]);
    expect(rig.bytes(rig.frame(0) + 16n, 9)).toEqual([0x44, 0, 0, 0, 0x55, 0, 0, 0, 0x55]);
  });

  it('of X30 and the zero register', () => {
    const rig = at(FIRST);
    rig.setX(30, 0n);
    expect(rig.run('483e7c24 casp x30, xzr, x4, x5, [x1]')).toBeUndefined();
    expect(rig.x(30)).toBe(0n);
  });

  it.each([
    ['CASP, Rs odd', 0x4821_7c82],
    ['CASP, Rt odd', 0x4822_7c83],
    ['CASPAL of words, both odd', 0x0863_fc85],
    ['LDLAR, without FEAT_LOR', 0x88df_7c20],
    ['STLLRB, without FEAT_LOR', 0x089f_7c20],
    ['LDAPUR, without FEAT_LRCPC2', 0x9940_0020],
    ['an atomic with o3 and opc 001', 0xf820_9020],
    ['an atomic of the SIMD file', 0xfc20_0020],
    ['LDAPR with R set', 0xf8ff_c020],
  ])('UNDEFINED: %s', (_, word) => expect(decodeWord(word).mnemonic).toBe('udf'));
});

describe('atomics', () => {
  it.each<[string, bigint, number[], bigint, number[]]>([
    // The old value is zero-extended, the operand cut.
    ['b8200022 ldadd w0, w2, [x1]', 0xffff_ffff_0000_0001n, [0xff, 0xff, 0xff, 0xff, 9], 0xffff_ffffn, [0, 0, 0, 0, 9]],
    ['38a00022 ldaddab w0, w2, [x1]', 0x180n, [0x80, 7], 0x80n, [0, 7]],
    ['f8e01022 ldclral x0, x2, [x1]', 0x0fn, [0xff, 0xff], 0xffffn, [0xf0, 0xff]],
    ['78202022 ldeorh w0, w2, [x1]', 0x1_8001n, [1, 0, 5], 1n, [0, 0x80, 5]],
    ['b8603022 ldsetl w0, w2, [x1]', 0x8000_0000n, [1, 0, 0, 0, 5], 1n, [1, 0, 0, 0x80, 5]],
    ['38204022 ldsmaxb w0, w2, [x1]', 0x7fn, [0x80, 5], 0x80n, [0x7f, 5]],
    ['78205022 ldsminh w0, w2, [x1]', 0x8000n, [0xff, 0x7f, 5], 0x7fffn, [0, 0x80, 5]],
    ['b8a06022 ldumaxa w0, w2, [x1]', 0x8000_0000n, [0xff, 0xff, 0xff, 0x7f], 0x7fff_ffffn, [0, 0, 0, 0x80]],
    ['f8607022 lduminl x0, x2, [x1]', -1n, [2], 2n, [2]],
    ['f8208022 swp x0, x2, [x1]', 0x1234n, [5], 5n, [0x34, 0x12]],
  ])('%s', (line, operand, before, old, after) => {
    const rig = at(FIRST);
    rig.put(rig.frame(0), ...before);
    rig.setX(0, operand);
    expect(rig.run(line)).toBeUndefined();
    expect([rig.x(2), rig.bytes(rig.frame(0), after.length)]).toEqual([old, after]);
  });

  it('one register as operand and result, and results that nobody wants (STADD)', () => {
    const rig = at(FIRST);
    rig.put(rig.frame(0), 5);
    rig.setX(0, 7n);
    expect(rig.run('f8208020 swp x0, x0, [x1]')).toBeUndefined();
    expect([rig.x(0), rig.bytes(rig.frame(0), 1)]).toEqual([5n, [7]]);
    expect(rig.run('f860003f ldaddl x0, xzr, [x1]')).toBeUndefined();
    expect([rig.x(0), rig.bytes(rig.frame(0), 1)]).toEqual([5n, [12]]);
  });

  it('the base as operand and as result', () => {
    const rig = at(FIRST);
    expect(rig.run('f8e18021 swpal x1, x1, [x1]')).toBeUndefined();
    expect([rig.x(1), rig.bytes(rig.frame(0), 3)]).toEqual([0n, [0, 0, 1]]);
  });

  it('need the right to write', () => {
    expect(at(FIRST, [PAGE.readOnly]).run('f83f0022 ldadd xzr, x2, [x1]')).toMatchObject({
      status: PERMISSION,
      write: true,
    });
  });
});

it.each<[string, Parameters<typeof accessShape>]>([
  ['88dffc20 ldar w0, [x1]', ['load', 4, 'ordered']],
  ['38bfc020 ldaprb w0, [x1]', ['load', 1, 'ordered']],
  ['c89ffc20 stlr x0, [x1]', ['store', 8, 'ordered']],
  ['085ffc20 ldaxrb w0, [x1]', ['load', 1, 'reserved']],
  ['c87f0820 ldxp x0, x2, [x1]', ['load', 16, 'reserved']],
  ['887f0820 ldxp w0, w2, [x1]', ['load', 8, 'reserved']],
  ['c8238820 stlxp w3, x0, x2, [x1]', ['store', 16, 'conditional']],
  ['48227c24 casp x2, x3, x4, x5, [x1]', ['store', 16, 'amo']],
  ['78e03022 ldsetalh w0, w2, [x1]', ['store', 2, 'amo']],
])('is one access, as the MMU sees it: %s', (line, shape) => {
  expect(analyse(decodeWord(wordOf(line)).block).memory?.shape).toBe(accessShape(...shape));
});
