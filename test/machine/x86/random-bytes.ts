import type { Row } from '../../../machine/x86/row.ts';
import type { Random } from '../semantics/random.ts';

const PREFIXES = [0x66, 0xf2, 0xf3, 0x67, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0];
const MAPS = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
/** An instruction's limit. */
const BYTES = 15;

/** Fifteen bytes that begin with these. */
function filled(bytes: number[], random: Random): Uint8Array {
  while (bytes.length < BYTES) bytes.push(random.below(256));
  return Uint8Array.from(bytes.slice(0, BYTES));
}

/** Bytes with prefixes of all kinds, each opcode of each map alike often, and anything behind it. */
export function randomBytes(random: Random, long: boolean): Uint8Array {
  const bytes: number[] = [];
  while (random.oneIn(3)) bytes.push(random.pick(PREFIXES));
  if (long && random.oneIn(2)) bytes.push(0x40 | random.below(16));
  bytes.push(...random.pick(MAPS), random.below(256));
  return filled(bytes, random);
}

/** Bytes that begin with a row's encoding: its k-th ModRM, and prefixes or none. */
export function bytesOf({ opcode, only }: Row, k: number, random: Random, long: boolean): Uint8Array {
  const { prefix, wide, map, first, count, modrm } = opcode;
  const bytes: number[] = [];
  const maybe = () => {
    if (random.oneIn(4)) bytes.push(random.pick(PREFIXES));
  };
  maybe();
  if (prefix !== undefined && !prefix.startsWith('N')) bytes.push(Number.parseInt(prefix, 16));
  maybe();
  if (long && only !== 'legacy' && (wide || random.oneIn(2))) bytes.push((wide ? 0x48 : 0x40) | random.below(16));
  bytes.push(...MAPS[map], first + random.below(count));
  if (modrm.kind === 'any') bytes.push(k & 0xff);
  else if (modrm.kind === 'digit') bytes.push((k & 0xc7) | (modrm.digit << 3));
  else if (modrm.kind === 'fixed') bytes.push(modrm.from + (k % modrm.count));
  return filled(bytes, random);
}

/** Every opcode with no prefix, 66, F2 and F3, and behind it each digit in memory and each ModRM of registers. */
export function* everyOpcode(random: Random): Generator<Uint8Array> {
  const forms = [...Array(8).keys()].map((digit) => digit << 3).concat([...Array(64).keys()].map((k) => 0xc0 | k));
  for (const map of MAPS) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const prefix of [[], [0x66], [0xf2], [0xf3]]) {
        for (const form of forms) yield filled([...prefix, ...map, opcode, form], random);
      }
    }
  }
}
