import { describe, expect, it } from 'vitest';
import { A64_SIMD } from '../../../machine/aarch64/a64-simd.ts';
import { EC, esr } from '../../../machine/aarch64/causes.ts';
import { FPSR, SLOTS, V } from '../../../machine/aarch64/registers.ts';
import type { Row } from '../../../machine/decode/index.ts';
import { type Slot, verify } from '../../../machine/ir/index.ts';
import { random32, randomWordOf } from '../words.ts';
import { SimdRig } from './simd-cases.ts';
import { decodeWord } from './words.ts';

const rig = new SimdRig();
const { hart } = rig;
const bySyntax = A64_SIMD.map((row) => [`${row.pattern.source} ${row.syntax}`, row] as const);

describe('reserved encodings are UNDEFINED', () => {
  rig.enable(true);
  it.each([
    ['4ee29c20', 'mul .2d'],
    ['4ee29420', 'mla .2d'],
    ['4ee20420', 'shadd .2d'],
    ['4ee26420', 'smax .2d'],
    ['4ee27420', 'sabd .2d'],
    ['4ee2a420', 'smaxp .2d'],
    ['0ee28420', 'add .1d'],
    ['2ee28c20', 'cmeq .1d'],
    ['0ee20c20', 'sqadd .1d'],
    ['0ee24420', 'sshl .1d'],
    ['0ee2bc20', 'addp .1d'],
    ['6e22bc20', 'addp with U'],
    ['6e629c20', 'pmul .8h'],
    ['4e22b420', 'sqdmulh .16b'],
    ['4ee2b420', 'sqdmulh .2d'],
    ['0e62e020', 'pmull .4s'],
    ['0ee2e020', 'pmull .1q: FEAT_PMULL'],
    ['2e62e020', 'pmull with U'],
    ['0ee20020', 'saddl of .2d'],
    ['0e22d020', 'sqdmull of .8b'],
    ['2e629020', 'sqdmlal with U'],
    ['5e228420', 'add b0'],
    ['5e22b420', 'sqdmulh b0'],
    ['5e22d020', 'sqdmull h0, b1'],
    ['5ee2d020', 'sqdmull of d1'],
    ['5ea0b820', 'abs s0'],
    ['4ee00820', 'rev64 .2d'],
    ['6ea00820', 'rev32 .4s'],
    ['4e601820', 'rev16 .8h'],
    ['4e605820', 'cnt .8h'],
    ['6ea05820', 'rbit, size 2'],
    ['6ee04820', 'clz .2d'],
    ['0ee0b820', 'abs .1d'],
    ['0ee12820', 'xtn of .1q'],
    ['2ee13820', 'shll of .1d'],
    ['4ee02820', 'saddlp of .2d'],
    ['0eb1b820', 'addv .2s'],
    ['4ef1b820', 'addv .2d'],
    ['2e31b820', 'addv with U'],
    ['0eb03820', 'saddlv .2s'],
    ['5eb1b820', 'addp s0, .2s'],
    ['0e080420', 'dup .1d'],
    ['4e100420', 'dup, imm5 10000'],
    ['4e000c20', 'dup, imm5 00000'],
    ['5e100420', 'dup of a scalar, imm5 10000'],
    ['0e042c20', 'smov w0, .s'],
    ['4e082c20', 'smov x0, .d'],
    ['0e083c20', 'umov w0, .d'],
    ['4e043c20', 'umov x0, .s'],
    ['0e041c20', 'ins from a general register without Q'],
    ['2e040420', 'ins without Q'],
    ['0ec23820', 'zip1 .1d'],
    ['2e024020', 'ext .8b, #8'],
    ['0f400420', 'sshr .1d'],
    ['0f408420', 'shrn from .1q'],
    ['4f40a420', 'sshll2 from .2d'],
    ['5f380420', 'sshr s0'],
    ['5f080420', 'sshr b0'],
    ['5f000420', 'sshr of a scalar, immh 0'],
    ['5f007420', 'sqshl of a scalar, immh 0'],
    ['5f409420', 'sqshrn from 128 bits'],
    ['0f028020', 'mul by element of .8b'],
    ['4fc28020', 'mul by element of .2d'],
    ['0f02c020', 'sqdmulh by element of .8b'],
    ['5fc2b020', 'sqdmull by element, d1'],
    ['2f00f400', 'fmov .1d'],
    ['0f00ec00', 'movi .8b with o2'],
    ['2e428420', 'sqrdmlah: FEAT_RDM'],
    ['2f42d020', 'sqrdmlah by element: FEAT_RDM'],
    ['0e829420', 'sdot: FEAT_DotProd'],
    ['4e284820', 'aese: FEAT_AES'],
  ])('%s %s', (word) => {
    expect(decodeWord(Number.parseInt(word, 16)).mnemonic).toBe('udf');
    expect(rig.step(Number.parseInt(word, 16))).toBe(esr(EC.unknown));
  });
});

describe('CheckFPAdvSIMDEnabled64 comes first, and traps change nothing', () => {
  it.each(bySyntax)('%s', (_, row) => {
    const random = random32(1);
    rig.enable(false);
    const before = registers(random);
    const cause = rig.step(randomWordOf(row, random));
    expect(cause).toBe(esr(EC.simdFp, 0x1e0_0000));
    expect([...read(VISIBLE)]).toEqual(before);
  });
});

/** Slots that instructions may change. */
const VISIBLE = SLOTS.slots.filter(({ name }) => /^(x|v)\d+$|^fpsr$|^nzcv/.test(name));

const read = (slots: readonly Slot[]): bigint[] =>
  slots.map((slot) =>
    slot.type === 'i32' ? BigInt(hart.get32(slot)) : slot.type === 'i64' ? hart.get(slot) : rig.vector(V.indexOf(slot)),
  );

function fill(slots: readonly Slot[], random: () => number): void {
  const next = () => (BigInt(random()) << 32n) | BigInt(random());
  for (const slot of slots) {
    if (slot.type === 'i32') hart.set32(slot, slot === FPSR ? random() & (1 << 27) : random() & 1);
    else if (slot.type === 'i64') hart.set(slot, next());
    else rig.setVector(V.indexOf(slot), (next() << 64n) | next());
  }
}

function registers(random: () => number): bigint[] {
  fill(VISIBLE, random);
  return read(VISIBLE);
}

/** What a word's block says it reads and writes. */
function effects(word: number): { reads: Slot[]; writes: Slot[] } {
  const reads: Slot[] = [];
  const writes: Slot[] = [];
  for (const { op, attributes } of decodeWord(word).block.nodes) {
    if (op.startsWith('slot.get')) reads.push(attributes.slot!);
    else if (op.startsWith('slot.set')) writes.push(attributes.slot!);
    reads.push(...(attributes.reads ?? []));
    writes.push(...(attributes.writes ?? []));
  }
  return { reads, writes };
}

describe('blocks are good, and name all that they read and write', () => {
  const check = (row: Row) => {
    const random = random32(2);
    rig.enable(true);
    for (let i = 0; i < 8; i++) {
      const word = randomWordOf(row, random);
      expect(verify(decodeWord(word).block)).toEqual([]);
      const { reads, writes } = effects(word);
      const others = VISIBLE.filter((slot) => !writes.includes(slot));
      fill(VISIBLE, random);
      const before = read(VISIBLE);
      const untouched = read(others);
      expect(rig.step(word)).toBeUndefined();
      expect(read(others)).toEqual(untouched);
      const results = read(writes);
      // Once more, all else being different.
      fill(VISIBLE, random);
      for (const [k, slot] of VISIBLE.entries()) if (reads.includes(slot)) restore(slot, before[k]);
      expect(rig.step(word)).toBeUndefined();
      expect(read(writes)).toEqual(results);
    }
  };
  it.each(bySyntax)('%s', (_, row) => check(row));
});

function restore(slot: Slot, value: bigint): void {
  if (slot.type === 'i32') hart.set32(slot, Number(value));
  else if (slot.type === 'i64') hart.set(slot, value);
  else rig.setVector(V.indexOf(slot), value);
}
