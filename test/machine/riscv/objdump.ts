import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const OBJDUMP = 'riscv64-linux-gnu-objdump';

/** Mnemonics whose last operand is a target, which raw images show with `0x` and others without. */
const JUMPS = /^((?:jal|beq|bne|blt|bge|bltu|bgeu|c\.j|c\.beqz|c\.bnez) .*?)0x([0-9a-f]+)$/;

/**
 * The toolchain's text of each word, all of one size in bytes, as RV64GC without attributes is; word i lies at address
 * i × size. `undefined` where it knows no instruction. None may be a longer instruction's beginning.
 */
export function objdump(words: readonly number[], size: 2 | 4): (string | undefined)[] {
  const image = Buffer.alloc(words.length * size);
  words.forEach((word, i) => void image.writeUIntLE(word, i * size, size));
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const file = join(folder, 'image.bin');
    writeFileSync(file, image);
    const args = ['-D', '-z', '-b', 'binary', '-m', 'riscv:rv64', '-M', 'no-aliases', file];
    const output = execFileSync(OBJDUMP, args, { encoding: 'latin1', maxBuffer: 2 ** 30 });
    const texts: (string | undefined)[] = [];
    for (const line of output.split('\n')) {
      const [address, bytes, ...text] = line.split('\t');
      if (bytes === undefined) continue;
      if (Number.parseInt(address, 16) !== texts.length * size) throw new Error(`${OBJDUMP} skipped a word: ${line}`);
      texts.push(normalise(text.join(' ')));
    }
    if (texts.length !== words.length) throw new Error(`${texts.length} texts of ${words.length} words`);
    return texts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function normalise(text: string): string | undefined {
  const bare = text
    .replace(/\s*[#<].*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (/^\.[24]byte/.test(bare) || bare === 'c.unimp') return undefined;
  return bare.replace(JUMPS, '$1$2');
}
