// Loads and stores of general-purpose registers: what encodings cannot show, faults above all (Arm ARM B2, C6.2).
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import { type Fault, MemoryRig, PAGE } from './memory-rig.ts';
import { decodeWord } from './words.ts';

const FIRST = 0x1_0000n;
const SECOND = 0x1_1000n;
const TOP = 1n << 64n;
/** Status codes (D17.2.37), level 3 where they have one. */
const TRANSLATION = 0x07;
const PERMISSION = 0x0f;
const ALIGNMENT = 0x21;
const dataAbort = (status: number, far: bigint, write: boolean): Fault => ({ ec: EC.dataSame, status, write, far });

/** A rig with two pages, the first readable and writable, bytes 1, 2, 3… before the boundary and behind it. */
function twoPages(second: bigint): MemoryRig {
  const rig = new MemoryRig([PAGE.rw, second]);
  rig.put(rig.frame(0) + 4080n, ...Array.from({ length: 16 }, (_, i) => i + 1));
  if (second !== PAGE.absent) rig.put(rig.frame(1), ...Array.from({ length: 16 }, (_, i) => i + 17));
  for (let i = 0; i < 31; i++) rig.setX(i, 0x9999_0000n + BigInt(i));
  return rig;
}

describe('a fault leaves every register, the base too, and names the first byte that faulted (D17.2, FAR_EL1)', () => {
  it.each<[string, bigint, bigint, number, bigint, boolean]>([
    // An access across the boundary
    ['f9400020 ldr x0, [x1]', PAGE.absent, SECOND - 1n, TRANSLATION, SECOND, false],
    ['78401420 ldrh w0, [x1], #1', PAGE.absent, SECOND - 1n, TRANSLATION, SECOND, false],
    ['f85fdc20 ldr x0, [x1, #-3]!', PAGE.absent, SECOND, TRANSLATION, SECOND, false],
    ['f8008420 str x0, [x1], #8', PAGE.readOnly, SECOND - 7n, PERMISSION, SECOND, true],
    ['781ff020 sturh w0, [x1, #-1]', PAGE.readOnly, SECOND, PERMISSION, SECOND, true],
    // The second register of two
    ['a8c10820 ldp x0, x2, [x1], #16', PAGE.absent, SECOND - 8n, TRANSLATION, SECOND, false],
    ['a9ff8820 ldp x0, x2, [x1, #-8]!', PAGE.absent, SECOND, TRANSLATION, SECOND, false],
    ['29400820 ldp w0, w2, [x1]', PAGE.absent, SECOND - 6n, TRANSLATION, SECOND, false],
    ['68c10820 ldpsw x0, x2, [x1], #8', PAGE.absent, SECOND - 4n, TRANSLATION, SECOND, false],
    ['a87f0820 ldnp x0, x2, [x1, #-16]', PAGE.absent, SECOND + 8n, TRANSLATION, SECOND, false],
    ['a9400821 ldp x1, x2, [x1]', PAGE.absent, SECOND - 8n, TRANSLATION, SECOND, false],
    ['a8bf0820 stp x0, x2, [x1], #-16', PAGE.readOnly, SECOND - 8n, PERMISSION, SECOND, true],
    ['29bf8820 stp w0, w2, [x1, #-4]!', PAGE.readOnly, SECOND, PERMISSION, SECOND, true],
    ['a8000820 stnp x0, x2, [x1]', PAGE.readOnly, SECOND - 8n, PERMISSION, SECOND, true],
    // The first
    ['a9c10820 ldp x0, x2, [x1, #16]!', PAGE.absent, SECOND, TRANSLATION, SECOND + 16n, false],
    ['a91f8820 stp x0, x2, [x1, #504]', PAGE.readOnly, SECOND - 492n, PERMISSION, SECOND + 12n, true],
    // Register offsets
    ['f8624820 ldr x0, [x1, w2, uxtw]', PAGE.absent, SECOND - 0x9999_0002n, TRANSLATION, SECOND, false],
    ['f862d820 ldr x0, [x1, w2, sxtw #3]', PAGE.absent, SECOND + (0x6666_fffen << 3n), TRANSLATION, SECOND, false],
    ['f8226820 str x0, [x1, x2]', PAGE.readOnly, SECOND - 0x9999_0002n, PERMISSION, SECOND, true],
  ])('%s', (line, second, address, status, far, write) => {
    const rig = twoPages(second);
    rig.setX(1, address);
    const before = rig.registers();
    expect(rig.run(line)).toEqual(dataAbort(status, far, write));
    expect(rig.registers()).toEqual(before);
  });

  it('a store across the boundary writes nothing where either page refuses it', () => {
    const rig = twoPages(PAGE.readOnly);
    rig.setX(1, SECOND - 3n);
    expect(rig.run('f9000020 str x0, [x1]')).toMatchObject({ far: SECOND });
    expect(rig.bytes(rig.frame(0) + 4092n, 4)).toEqual([13, 14, 15, 16]);
    expect(rig.bytes(rig.frame(1), 8)).toEqual([17, 18, 19, 20, 21, 22, 23, 24]);
  });

  it('of STP, the first store may have been made', () => {
    const rig = twoPages(PAGE.readOnly);
    rig.setX(1, SECOND - 8n);
    rig.setX(0, 0n);
    expect(rig.run('a9000820 stp x0, x2, [x1]')).toMatchObject({ far: SECOND });
    expect(rig.bytes(rig.frame(0) + 4080n, 16)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('addresses', () => {
  it('are taken across the boundary from both frames', () => {
    const rig = twoPages(PAGE.rw);
    rig.setX(1, SECOND - 3n);
    expect(rig.run('f9400020 ldr x0, [x1]')).toBeUndefined();
    expect(rig.x(0)).toBe(0x1514_1312_1110_0f0en);
    rig.setX(1, SECOND - 12n);
    expect(rig.run('a8ff0820 ldp x0, x2, [x1], #-16')).toBeUndefined();
    expect([rig.x(0), rig.x(2), rig.x(1)]).toEqual([0x0c0b_0a09_0807_0605n, 0x1413_1211_100f_0e0dn, SECOND - 28n]);
  });

  it('wrap round from the top of the address space to its bottom (AArch64.MemSingle, 64-bit arithmetic)', () => {
    const rig = new MemoryRig();
    const [high, low] = [rig.map(TOP - 4096n, PAGE.rw), rig.map(0n, PAGE.rw)];
    rig.setX(1, TOP - 4n);
    rig.setX(0, 0x8877_6655_4433_2211n);
    expect(rig.run(['f9000020 str x0, [x1]', 'f8408422 ldr x2, [x1], #8'])).toBeUndefined();
    expect([rig.x(2), rig.x(1)]).toEqual([0x8877_6655_4433_2211n, 4n]);
    expect([rig.bytes(high + 4092n, 4), rig.bytes(low, 4)]).toEqual([
      [0x11, 0x22, 0x33, 0x44],
      [0x55, 0x66, 0x77, 0x88],
    ]);
    rig.setX(1, 8n);
    expect(rig.run('a9bf0820 stp x0, x2, [x1, #-16]!')).toBeUndefined();
    expect([rig.bytes(high + 4088n, 1), rig.bytes(low, 1), rig.x(1)]).toEqual([[0x11], [0x11], TOP - 8n]);
  });

  it('of which the part at the bottom is absent fault there', () => {
    const rig = new MemoryRig();
    rig.map(TOP - 4096n, PAGE.rw);
    rig.setX(1, TOP - 1n);
    // Level 0: the lower region has no table at all.
    expect(rig.run('79400020 ldrh w0, [x1]')).toEqual(dataAbort(0x04, 0n, false));
    rig.setX(1, TOP - 8n);
    expect(rig.run('a9400820 ldp x0, x2, [x1]')).toEqual(dataAbort(0x04, 0n, false));
  });

  it('of literals count from the instruction', () => {
    const rig = new MemoryRig();
    rig.put(rig.map(0x8000n, PAGE.rw) + 8n, 0x80, 0, 0, 0x80, 1);
    expect(rig.run(['18000040 ldr w0, 8', '98000041 ldrsw x1, 8', '58000042 ldr x2, 8'])).toBeUndefined();
    expect([rig.x(0), rig.x(1), rig.x(2)]).toEqual([0x8000_0080n, TOP - 0x7fff_ff80n, 0x1_8000_0080n]);
  });
});

describe('registers that take part twice: CONSTRAINED UNPREDICTABLE, here as in qemu (C6.2)', () => {
  const at = (x0: bigint) => {
    const rig = twoPages(PAGE.rw);
    rig.setX(0, x0);
    return rig;
  };

  it.each([
    ['a base that is loaded, post-indexed: the address stays', 'f8408400 ldr x0, [x0], #8', SECOND + 8n],
    ['a base that is loaded, pre-indexed: the address stays', 'f8408c00 ldr x0, [x0, #8]!', SECOND + 8n],
    ['a base that is loaded first of two', 'a8c10400 ldp x0, x1, [x0], #16', SECOND + 16n],
    ['a base that is loaded second of two', 'a8c10001 ldp x1, x0, [x0], #16', SECOND + 16n],
  ])('%s', (_, line, x0) => {
    const rig = at(SECOND);
    expect(rig.run(line)).toBeUndefined();
    expect(rig.x(0)).toBe(x0);
  });

  it('two loads to one register: the first counts', () => {
    const rig = at(SECOND);
    expect(rig.run('a9400801 ldp x1, x2, [x0]')).toBeUndefined();
    expect([rig.x(1), rig.x(2)]).toEqual([0x1817_1615_1413_1211n, 0x201f_1e1d_1c1b_1a19n]);
    expect(rig.run('a9400401 ldp x1, x1, [x0]')).toBeUndefined();
    expect(rig.x(1)).toBe(0x1817_1615_1413_1211n);
  });

  it.each([
    ['post-indexed', 'f8008400 str x0, [x0], #8', 0n],
    ['pre-indexed', 'f8008c00 str x0, [x0, #8]!', 8n],
    ['first of two', 'a8810400 stp x0, x1, [x0], #16', 0n],
  ])('a base that is stored is stored as it was: %s', (_, line, offset) => {
    const rig = at(SECOND);
    expect(rig.run(line)).toBeUndefined();
    expect(rig.bytes(rig.frame(1) + offset, 4)).toEqual([0, 0x10, 1, 0]);
  });
});

describe('SP as a base must be aligned to 16 while SCTLR_EL1.SA is 1 (CheckSPAlignment)', () => {
  const spFault = { ec: EC.spAlignment };
  const withSp = (sp: bigint) => {
    const rig = twoPages(PAGE.rw);
    rig.bench.set('sctlr_el1', 1n | (1n << 3n));
    rig.setX(31, sp);
    return rig;
  };

  it.each([
    '394003e0 ldrb w0, [sp]',
    'f94007e0 ldr x0, [sp, #8]',
    'f85f83e0 ldur x0, [sp, #-8]',
    'f84087e0 ldr x0, [sp], #8',
    'f8408fe0 ldr x0, [sp, #8]!',
    'f8626be0 ldr x0, [sp, x2]',
    'f8400be0 ldtr x0, [sp]',
    'a9408be0 ldp x0, x2, [sp, #8]',
    'a9bf0be0 stp x0, x2, [sp, #-16]!',
    '28c10be0 ldp w0, w2, [sp], #8',
    'a8000be0 stnp x0, x2, [sp]',
    'c85f7fe0 ldxr x0, [sp]',
    '0800ffe2 stlxrb w0, w2, [sp]',
    '88dfffe0 ldar w0, [sp]',
    '38bfc3e0 ldaprb w0, [sp]',
    '88a07fe2 cas w0, w2, [sp]',
    '4860ffe2 caspal x0, x1, x2, x3, [sp]',
    '382003e2 ldaddb w0, w2, [sp]',
    '3dc003e0 ldr q0, [sp]',
    '6d0007e0 stp d0, d1, [sp]',
    '4c4073e0 ld1 {v0.16b}, [sp]',
    '0d9f07e0 st1 {v0.b}[1], [sp], #1',
    '4d40c3e0 ld1r {v0.16b}, [sp]',
  ])('%s', (line) => {
    const rig = withSp(SECOND + 8n);
    const before = rig.registers();
    expect(rig.run(line)).toMatchObject(spFault);
    expect(rig.registers()).toEqual(before);
    // Another base may be anywhere, and SP while the check is off.
    rig.bench.set('sctlr_el1', 1n);
    expect(rig.run('f94007e0 ldr x0, [sp, #8]')).toBeUndefined();
  });

  it('is looked at before the offset is added, and not in prefetches', () => {
    const rig = withSp(SECOND - 16n);
    expect(rig.run(['b94007e0 ldr w0, [sp, #4]', 'f8408fe0 ldr x0, [sp, #8]!'])).toBeUndefined();
    expect(rig.x(31)).toBe(SECOND - 8n);
    expect(
      rig.run([
        'f98003e0 prfm pldl1keep, [sp]',
        'f88013e0 prfum pldl1keep, [sp, #1]',
        'f8a06bf3 prfm pstl2strm, [sp, x0]',
      ]),
    ).toBeUndefined();
  });

  it('of EL0 follows SCTLR_EL1.SA0', () => {
    const rig = withSp(SECOND + 8n);
    rig.bench.setting({ el: 0 });
    expect(rig.run('f94003e0 ldr x0, [sp]')).toBeUndefined();
    rig.bench.set('sctlr_el1', 1n | (1n << 4n));
    expect(rig.run('f94003e0 ldr x0, [sp]')).toMatchObject(spFault);
  });
});

describe('alignment while SCTLR_EL1.A is 1: of each access, not of a pair (AArch64.CheckAlignment)', () => {
  it.each<[string, bigint, bigint | undefined]>([
    ['39400020 ldrb w0, [x1]', 1n, undefined],
    ['79400020 ldrh w0, [x1]', 1n, 0n],
    ['b8402c20 ldr w0, [x1, #2]!', 4n, 2n],
    ['f9400020 ldr x0, [x1]', 4n, 0n],
    ['f9400020 ldr x0, [x1]', 8n, undefined],
    ['f8008420 str x0, [x1], #8', 2n, 0n],
    ['f8400820 ldtr x0, [x1]', 4n, 0n],
    ['a9400820 ldp x0, x2, [x1]', 8n, undefined],
    ['a9408820 ldp x0, x2, [x1, #8]', 4n, 8n],
    ['29400820 ldp w0, w2, [x1]', 4n, undefined],
    ['69400820 ldpsw x0, x2, [x1]', 2n, 0n],
    ['29000820 stp w0, w2, [x1]', 6n, 0n],
  ])('%s at %i', (line, offset, fault) => {
    for (const second of [PAGE.rw, PAGE.absent]) {
      const rig = twoPages(PAGE.rw);
      rig.bench.setting({ el: 1, aligned: true });
      // An alignment fault comes before those of translation (D8, "Prioritization of synchronous aborts").
      const address = (second === PAGE.absent ? SECOND + 0x1000n : SECOND) + offset;
      rig.setX(1, address);
      const before = rig.registers();
      const status = fault === undefined ? TRANSLATION : ALIGNMENT;
      const expected = dataAbort(status, address + (fault ?? 0n), line.slice(9).startsWith('st'));
      if (fault === undefined && second === PAGE.rw) expect(rig.run(line)).toBeUndefined();
      else {
        expect(rig.run(line)).toEqual(expected);
        expect(rig.registers()).toEqual(before);
      }
    }
  });

  it.each<[string, bigint, bigint | undefined]>([
    ['79400020 ldrh w0, [x1]', 1n, 0n],
    ['f9400020 ldr x0, [x1]', 8n, undefined],
    ['a9400820 ldp x0, x2, [x1]', 12n, 0n],
    ['b9000020 str w0, [x1]', 4092n + 2n, 0n],
  ])('in Device memory, whatever A is: %s at %i', (line, offset, fault) => {
    const rig = new MemoryRig([PAGE.device, PAGE.device]);
    // An aligned access before it makes no difference.
    rig.setX(1, FIRST);
    expect(rig.run(['f9400020 ldr x0, [x1]', 'b9000020 str w0, [x1]'])).toBeUndefined();
    rig.setX(1, FIRST + offset);
    expect(rig.run(line)?.status).toBe(fault === undefined ? undefined : ALIGNMENT);
  });
});

describe('unprivileged accesses at EL1 are judged as EL0 would be (C6.2, "LDTR")', () => {
  it.each([
    ['f8400820 ldtr x0, [x1]', PAGE.kernel, PERMISSION],
    ['38800820 ldtrsb x0, [x1]', PAGE.kernel, PERMISSION],
    ['b8000820 sttr w0, [x1]', PAGE.kernel, PERMISSION],
    ['38000820 sttrb w0, [x1]', PAGE.readOnly, PERMISSION],
    ['78c00820 ldtrsh w0, [x1]', PAGE.readOnly, undefined],
    ['b8400820 ldtr w0, [x1]', PAGE.rw, undefined],
    ['78000820 sttrh w0, [x1]', PAGE.rw, undefined],
    ['f9400020 ldr x0, [x1]', PAGE.kernel, undefined],
  ])('%s', (line, rights, status) => {
    // PAN does not touch them.
    for (const pan of [false, rights !== PAGE.kernel]) {
      const rig = new MemoryRig([rights]);
      rig.bench.setting({ el: 1, pan });
      rig.setX(1, FIRST);
      if (!pan) expect(rig.run('f9400023 ldr x3, [x1]')).toBeUndefined();
      expect(rig.run(line)?.status).toBe(status);
      // Nor does what was allowed to one kind count for the other.
      expect(rig.run('f9400023 ldr x3, [x1]')?.status).toBe(pan ? PERMISSION : undefined);
      expect(rig.run(line)?.status).toBe(status);
    }
  });

  it('across pages, each part', () => {
    const rig = new MemoryRig([PAGE.rw, PAGE.kernel]);
    rig.setX(1, SECOND - 2n);
    expect(rig.run('b8400820 ldtr w0, [x1]')).toEqual(dataAbort(PERMISSION, SECOND, false));
    expect(rig.run('b9400020 ldr w0, [x1]')).toBeUndefined();
  });
});

it('prefetches take no fault, wherever they go (C6.2, "PRFM")', () => {
  const rig = new MemoryRig();
  for (let i = 0; i < 31; i++) rig.setX(i, 0xdead_0000_0000_0001n);
  const before = rig.registers();
  expect(
    rig.run(['f9800420 prfm pldl1keep, [x1, #8]', 'd800004d prfm plil3strm, 8', 'f89ff030 prfum pstl1keep, [x1, #-1]']),
  ).toBeUndefined();
  expect(rig.run('f8a27820 prfm pldl1keep, [x1, x2, lsl #3]')).toBeUndefined();
  expect(rig.registers()).toEqual(before);
});

it.each([
  ['no size of 16 bytes in LDRSW’s place', 0xf8c0_0000],
  ['no LDRSW that extends to 32 bits', 0xb9c0_0000],
  ['no STPSW', 0x6900_0000],
  ['no pair of size 3', 0xe940_0000],
  ['no LDNPSW', 0x6840_0000],
  ['no extension of bytes in an address', 0xf860_0820],
])('unallocated: %s', (_, word) => {
  expect(decodeWord(word).mnemonic).toBe('udf');
});
