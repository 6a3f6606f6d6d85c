import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';

export const OBJDUMP = 'objdump';

/** The toolchain's names of the code modes. */
const MACHINES: Readonly<Record<number, string>> = { [CODE_64]: 'i386:x86-64', [CODE_32]: 'i386', [CODE_16]: 'i8086' };

/** Bytes from one instruction's address to the next one's. */
export const SLOT = 32;
/** Where the filling between them ends an instruction. */
const ENDS = [8, 17, SLOT - 1];

/** What the toolchain says of an instruction: its length and its text, without one where it knows none. */
export interface Shown {
  readonly length: number;
  readonly text: string | undefined;
}

/**
 * The toolchain's view of each instruction, without comments; instruction i lies at address i × SLOT. Between them are
 * size prefixes and NOPs, which from any byte on end where the next one begins. Branches are Intel's.
 */
export function objdump(instructions: readonly Uint8Array[], mode: number): Shown[] {
  const image = Buffer.alloc(instructions.length * SLOT, 0x66);
  instructions.forEach((bytes, i) => {
    for (const end of ENDS) image[i * SLOT + end] = 0x90;
    image.set(bytes, i * SLOT);
  });
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const file = join(folder, 'image.bin');
    writeFileSync(file, image);
    const args = ['-D', '-z', '-b', 'binary', '-m', MACHINES[mode], '-M', 'intel,intel64', '--insn-width=16', file];
    const options = { maxBuffer: 2 ** 30, timeout: 100_000, killSignal: 'SIGKILL', encoding: 'latin1' } as const;
    const output = execFileSync(OBJDUMP, args, options);
    const shown: Shown[] = [];
    for (const line of output.split('\n')) {
      const [address, bytes, text = ''] = line.split('\t');
      if (bytes === undefined) continue;
      const at = Number.parseInt(address, 16);
      if (at % SLOT === 0) shown.push({ length: bytes.trimEnd().split(' ').length, text: normalise(text) });
    }
    if (shown.length !== instructions.length) throw new Error(`${shown.length} of ${instructions.length} instructions`);
    return shown;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mnemonic and operands with one space between, without comments. */
function normalise(text: string): string | undefined {
  if (text.includes('(bad)')) return undefined;
  const comment = text.indexOf('#');
  return (comment < 0 ? text : text.slice(0, comment)).replace(/ +/g, ' ').trim();
}
