/** The slots that floating-point rows say they read and write: what a translator keeps in order by. */
import { expect, it } from 'vitest';
import { A64_FLOAT } from '../../../machine/aarch64/a64-float.ts';
import { A64_SIMD_FLOAT } from '../../../machine/aarch64/a64-simd-float.ts';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { C, FPCR, FPSR, N, OVERFLOW, SP, V, X, Z } from '../../../machine/aarch64/registers.ts';
import { Machine } from '../../../machine/index.ts';
import { type Slot, verify } from '../../../machine/ir/index.ts';
import { randomBits } from '../float/operands.ts';
import { random32, randomWordOf } from '../words.ts';
import { decodeWord } from './words.ts';

const machine = new Machine({
  isa: AARCH64,
  memory: 0x4000,
  harts: 1,
  hardwareAd: false,
  console: { output: () => {}, input: () => -1 },
});
const [hart] = machine.harts;
AARCH64.writeSystem(hart, 'cpacr_el1', 3n << 20n);
const start = hart.u64.slice();
const REGISTERS = [...X, SP, ...V, N, Z, C, OVERFLOW, FPCR, FPSR];
const random = randomBits(0xeffec75n);
const SINGLE_ONE = 0x3f800000_3f800000n;

/** A number that most formats find ordinary, or any bits. */
const half = () => (random() & 1n ? random() : SINGLE_ONE ^ (random() & 0x80ff_ffff_80ff_ffffn));

function value(slot: Slot): bigint {
  if (slot === FPCR) return (random() & 31n) << 22n;
  if (slot === FPSR) return random() & 0x0800_009fn;
  if (slot.type === 'i32') return random() & 1n;
  return slot.type === 'i64' ? random() : half() | (half() << 64n);
}

function read(slot: Slot): bigint {
  if (slot.type === 'i32') return BigInt(hart.get32(slot));
  const low = hart.get(slot);
  return slot.type === 'i64' ? low : low | (hart.u64[slot.offset / 8 + 1] << 64n);
}

/** The registers after a word was executed with them. */
function execute(word: number, registers: ReadonlyMap<Slot, bigint>): ReadonlyMap<Slot, bigint> {
  hart.u64.set(start);
  hart.contextChanged();
  for (const [slot, bits] of registers) {
    if (slot.type === 'i32') hart.set32(slot, Number(bits));
    else hart.set(slot, BigInt.asUintN(64, bits));
    if (slot.type === 'v128') hart.u64[slot.offset / 8 + 1] = bits >> 64n;
  }
  machine.bus.write(AARCH64.ramBase, 4, BigInt(word));
  hart.pc = AARCH64.ramBase;
  machine.run(1);
  expect(hart.pc).toBe(AARCH64.ramBase + 4n);
  return new Map(REGISTERS.map((slot) => [slot, read(slot)]));
}

const words = random32(11);

it.each([...A64_FLOAT, ...A64_SIMD_FLOAT].map((row) => [row.syntax, row] as const))('%s', (_, row) => {
  for (let i = 0; i < 24; i++) {
    const word = randomWordOf(row, words);
    const { block } = decodeWord(word);
    expect(verify(block)).toEqual([]);
    const reads = new Set(
      block.nodes.flatMap(({ op, attributes: { slot, reads: called = [] } }) =>
        op.startsWith('slot.get') && slot ? [slot] : called,
      ),
    );
    const writes = new Set(
      block.nodes.flatMap(({ op, attributes: { slot, writes: called = [] } }) =>
        op.startsWith('slot.set') && slot ? [slot] : called,
      ),
    );
    const first = new Map(REGISTERS.map((slot) => [slot, value(slot)]));
    const second = new Map(REGISTERS.map((slot) => [slot, reads.has(slot) ? first.get(slot)! : value(slot)]));
    const [after, other] = [execute(word, first), execute(word, second)];
    for (const slot of REGISTERS) {
      const before = writes.has(slot) ? other.get(slot) : first.get(slot);
      if (after.get(slot) !== before) expect.fail(`${word.toString(16)}: ${slot.name}`);
    }
  }
});
