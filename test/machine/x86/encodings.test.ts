/**
 * Every encoding against the toolchain's disassembler, in 64-bit, 32-bit and 16-bit code. Where a row is missing, the
 * failure says so by mnemonic; extensions that CPUID does not report, and encodings on which the toolchain is not the
 * manual, are listed in exceptions.ts.
 */
import { expect, it } from 'vitest';
import { decodeOperands, TABLE } from '../../../machine/x86/decode.ts';
import { disassemble } from '../../../machine/x86/disassemble.ts';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';
import { describeWith } from '../../toolchain.ts';
import { HUNT, Random } from '../semantics/random.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { OBJDUMP, objdump, SLOT } from './objdump.ts';
import { bytesOf, everyOpcode, randomBytes } from './random-bytes.ts';

const MODES = [
  ['64-bit', CODE_64],
  ['32-bit', CODE_32],
  ['16-bit', CODE_16],
] as const;
const BATCH = 1 << 16;
/** Encodings of each row, and random ones, in `make test`; the hunt has a hundred times as many, 10^7. */
const PER_ROW = { [CODE_64]: 96, [CODE_32]: 24, [CODE_16]: 24 };
const RANDOM = { [CODE_64]: 60_000, [CODE_32]: 20_000, [CODE_16]: 20_000 };

const met = new Set<string>();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Differences that no exception covers: a line each, and one for each mnemonic that has no row. */
class Found {
  private readonly lines: string[] = [];
  private readonly missing = new Map<string, { count: number; example: string }>();

  add(bytes: Uint8Array, ours: string | undefined, theirs: string | undefined): void {
    if (ours === undefined && theirs !== undefined) {
      const [mnemonic] = theirs.split(' ', 1);
      const { count = 0, example = `${hex(bytes)} ${theirs}` } = this.missing.get(mnemonic) ?? {};
      this.missing.set(mnemonic, { count: count + 1, example });
    } else if (this.lines.length < 20) {
      this.lines.push(`${hex(bytes)}: ${ours}, ${OBJDUMP}: ${theirs}`);
    }
  }

  all(): string[] {
    const missing = [...this.missing].map(
      ([name, { count, example }]) => `no row: ${name}, ${count} times, as in ${example}`,
    );
    return [...this.lines, ...missing];
  }
}

/** Compares what encodings are called and how long they are. */
function compare(encodings: readonly Uint8Array[], mode: number, found: Found): void {
  const batch = encodings.map((bytes) => {
    const decoded = decodeOperands(bytes, mode);
    if (typeof decoded === 'number' || 'refused' in decoded) return { bytes, decoded: undefined };
    return { bytes: bytes.slice(0, decoded.length), decoded };
  });
  const shown = objdump(
    batch.map(({ bytes }) => bytes),
    mode,
  );
  batch.forEach(({ bytes, decoded }, i) => {
    const { text: theirs, length } = shown[i];
    const ours = decoded && disassemble(decoded, BigInt(i * SLOT));
    if (ours === theirs && (!decoded || decoded.length === length)) return;
    const exception = EXCEPTIONS.find(({ holds }) => holds({ bytes, mode, decoded, ours, theirs }));
    if (exception) met.add(exception.clause);
    else found.add(bytes, ours && `${ours} (${decoded.length} bytes)`, theirs && `${theirs} (${length} bytes)`);
  });
}

/** What no exception covers of these encodings. */
function differences(encodings: Iterable<Uint8Array>, mode: number): string[] {
  const found = new Found();
  let batch: Uint8Array[] = [];
  for (const bytes of encodings) {
    batch.push(bytes);
    if (batch.length < BATCH) continue;
    compare(batch, mode, found);
    batch = [];
  }
  if (batch.length > 0) compare(batch, mode, found);
  return found.all();
}

/** So many encodings of each row. */
function* ofRows(count: number, long: boolean): Generator<Uint8Array> {
  const random = new Random(1);
  for (const row of TABLE.rows) {
    for (let k = 0; k < count; k++) yield bytesOf(row, random.below(256), random, long);
  }
}

function* ofAnything(count: number, long: boolean): Generator<Uint8Array> {
  const random = new Random(2);
  for (let k = 0; k < count; k++) yield randomBytes(random, long);
}

describeWith([OBJDUMP], 'valid encodings and their assembly are the toolchain’s', () => {
  for (const [name, mode] of MODES) {
    const long = mode === CODE_64;

    it(`${name} code: every row, all else random`, { timeout: 60_000 * HUNT }, () => {
      expect(differences(ofRows(PER_ROW[mode] * HUNT, long), mode)).toEqual([]);
    });

    it(`${name} code: random bytes`, { timeout: 60_000 * HUNT }, () => {
      expect(differences(ofAnything(RANDOM[mode] * HUNT, long), mode)).toEqual([]);
    });
  }

  it('64-bit code: every opcode of every map with each mandatory prefix and each digit', { timeout: 60_000 }, () => {
    expect(differences(everyOpcode(new Random(3)), CODE_64)).toEqual([]);
  });

  it('every exception is met', () => {
    expect(EXCEPTIONS.map(({ clause }) => clause).filter((clause) => !met.has(clause))).toEqual([]);
  });
});
