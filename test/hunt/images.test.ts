import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import { LoadError } from '../../kernel/index.ts';
import { Random } from '../../kernel/task/random.ts';
import { ElfError, parseElf } from '../../machine/index.ts';
import { boot } from '../kernel/boot.ts';

const COUNT = 2000 * Number(process.env.FAULTLINE_HUNT ?? 1);
const SEED = BigInt(process.env.FAULTLINE_SEED ?? 5);
/** The ELF header and the program headers. */
const HEADERS = 64 + 6 * 56;

it.each(ARCHES)(
  `$isa.name: programs with damaged headers are refused in one line or run: ${COUNT} of them, seed ${SEED}`,
  {
    timeout: 3_600_000,
  },
  ({ isa }) => {
    const random = new Random(SEED);
    const below = (count: number) => Number(random.next() % BigInt(count));
    const sound = new Uint8Array(readFileSync(join(import.meta.dirname, '../../guest/bin', isa.name, 'hello')));
    const outcomes = new Map<string, number>();
    for (let i = 0; i < COUNT; i++) {
      const bytes = sound.slice(0, below(8) === 0 ? below(sound.length) : sound.length);
      for (let changes = 1 + below(3); changes > 0; changes--) {
        // Beyond the identification, which decides alone, and with a taste for small and extreme values.
        const at = 16 + below(Math.max(1, Math.min(bytes.length, HEADERS) - 16));
        if (at < bytes.length) bytes[at] = [0, 1, 2, 0x10, 0x7f, 0x80, 0xff, below(256)][below(8)];
      }
      let outcome: string;
      try {
        const { kernel } = boot(parseElf(bytes), { memory: 1 << 20, policy: i % 4 === 0 ? 'veridian' : 'corrected' });
        outcome = kernel.run(2000).kind;
      } catch (error) {
        const known = error instanceof ElfError || error instanceof LoadError;
        if (!known) throw new Error(`seed ${SEED}, program ${i}`, { cause: error });
        expect(error.message).toMatch(/^[^\n]+$/);
        outcome = error.name;
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    console.log(Object.fromEntries(outcomes));
    for (const outcome of ['ElfError', 'LoadError', 'exited'])
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(10);
  },
);
