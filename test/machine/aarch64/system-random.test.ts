// Random system instructions at EL1 and EL0, exception entry and return among them: nothing throws, and a snapshot taken
// on the way goes on as the machine itself does.
import { expect, it } from 'vitest';
import { SYSTEM_REGISTER_NUMBERS } from '../../../machine/aarch64/sysreg-names.ts';
import { random32 } from '../words.ts';
import { ENTRY, ERET, HVC, SEV, SEVL, SystemBench, svc, WFE, WFI } from './system-bench.ts';

const NUMBERS = [...SYSTEM_REGISTER_NUMBERS.values()];
const OTHERS = [ERET, HVC, SEV, SEVL, WFE, WFI, svc(1), 0xd420_0000, 0xd500_41bf, 0xd503_40df, 0xd503_42ff];
const CODE_BYTES = 0x8000;

/** A register moved by its number, any system instruction, or one of those above. */
function randomWord(random: () => number): number {
  const kind = random() % 8;
  const number = NUMBERS[random() % NUMBERS.length] & 0x7fff;
  if (kind < 4) return (0xd510_0000 | (number << 5) | ((random() & 1) << 21) | (random() & 31)) >>> 0;
  if (kind < 6) return (0xd500_0000 | (random() & 0x3f_ffff)) >>> 0;
  return kind === 6 ? random() : OTHERS[random() % OTHERS.length];
}

/** Zero, a small number, an address in the code, or one near the top. */
function randomValue(random: () => number): bigint {
  const value = BigInt(random());
  return [0n, value, ENTRY + (value & 0xffffn), BigInt.asUintN(64, -value)][random() % 4];
}

function randomBench(seed: number): SystemBench {
  const random = random32(seed);
  const b = new SystemBench({ harts: 1 + (seed & 1) });
  b.put(ENTRY, ...Array.from({ length: CODE_BYTES / 4 }, () => randomWord(random)));
  b.write('vbar_el1', ENTRY + BigInt((random() & 7) * 0x800));
  for (let i = 0; i < 31; i++) b.x(i, randomValue(random));
  return b;
}

it.each(Array.from({ length: 40 }, (_, i) => i + 1))('seed %i', (seed) => {
  const b = randomBench(seed);
  b.machine.run(1500);
  const saved = b.machine.save();
  const other = randomBench(seed);
  other.machine.restore(saved);
  for (const { machine } of [b, other]) machine.run(1500);
  expect(other.machine.save()).toEqual(b.machine.save());
  expect(b.machine.instructions).toBeGreaterThan(0);
});
