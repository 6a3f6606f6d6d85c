import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const OBJDUMP = 'aarch64-linux-gnu-objdump';

/** Mnemonics whose last operand is an address, which raw images show with `0x` and others without. */
const ADDRESSES = /^((?:adrp?|bl?|bc?\.\w\w|cbn?z|tbn?z|ldr|ldrsw|prfm) (?:.*, )?)0x([0-9a-f]+)$/;

/** The toolchain's text of each word, aliases not used; word i lies at address 4i. `undefined` where it knows none. */
export function objdump(words: readonly number[] | Uint32Array): (string | undefined)[] {
  const image = Buffer.from(Uint32Array.from(words).buffer);
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const file = join(folder, 'image.bin');
    writeFileSync(file, image);
    const args = ['-D', '-z', '-b', 'binary', '-m', 'aarch64', '-M', 'no-aliases', file];
    const options = { maxBuffer: 2 ** 30, timeout: 100_000, killSignal: 'SIGKILL', encoding: 'latin1' } as const;
    const output = execFileSync(OBJDUMP, args, options);
    const texts: (string | undefined)[] = [];
    for (const line of output.split('\n')) {
      const [, bytes, ...text] = line.split('\t');
      if (bytes !== undefined) texts.push(normalise(text));
    }
    if (texts.length !== words.length) throw new Error(`${texts.length} texts of ${words.length} words`);
    return texts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mnemonic and operands with one space between, without comments. */
function normalise([mnemonic, operands = '']: string[]): string | undefined {
  if (mnemonic.startsWith('.inst')) return undefined;
  const comment = operands.indexOf('//');
  const bare = `${mnemonic} ${comment < 0 ? operands : operands.slice(0, comment)}`.trim();
  return bare.includes(', 0x') || bare.startsWith('b') ? bare.replace(ADDRESSES, '$1$2') : bare;
}
