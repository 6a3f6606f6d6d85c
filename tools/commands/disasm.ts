import { type ElfImage, type Isa, parseElf, SymbolTable, TARGETS } from '../../machine/index.ts';
import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { readUserFile, write } from '../host.ts';
import { choice } from '../run-options.ts';
import { named, targetOf } from '../session.ts';

/** Every width of code that some target has modes for. */
const WIDTHS = [...new Set(TARGETS.flatMap(({ codeModes }) => [...(codeModes?.keys() ?? [])]))].map(String);
const OWNERS = TARGETS.filter(({ codeModes }) => codeModes).map(({ name }) => name);

/** `faultline disasm`: the executable segments of a file, symbol by symbol. */
export const disasm: Command = {
  name: 'disasm',
  operands: '<file>',
  describe: "Disassemble a program's executable segments",
  options: {
    bits: {
      type: 'string',
      requiresArg: true,
      describe: `Read all of it as code of ${WIDTHS.join(', ')} bits (${OWNERS.join(', ')}); else the ELF class says`,
    },
  },
  examples: [
    ['disasm guest/bin/riscv64/hello', 'addresses, encodings and assembly'],
    ['disasm --bits 64 guest/bin/x86-64/bare/hello', 'the part of a 32-bit image that runs in 64-bit mode'],
  ],
  run: async (given, path, rest) => {
    if (rest.length > 0) throw new UserError(`disasm: one file, not '${rest[0]}' as well`);
    const bits = given.bits === undefined ? undefined : Number(choice(given, 'bits', WIDTHS));
    const file = readUserFile(String(path));
    named(String(path), () => {
      const image = parseElf(file, 1);
      const isa = targetOf(image);
      listing(image, isa, modeOf(bits, image, isa));
    });
    return 0;
  },
};

/** The code mode: one for the whole file, since nothing in it says where another begins. */
function modeOf(asked: number | undefined, { bits }: ElfImage, { name, codeModes }: Isa): number {
  if (asked !== undefined && !codeModes) throw new UserError(`--bits: ${name} has code of one kind`);
  return codeModes?.get(asked ?? bits) ?? 0;
}

/** A stretch of code: what the sections call code, or the whole segment where there are none. */
interface Stretch {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

function stretches(image: ElfImage): Stretch[] {
  return image.segments
    .filter((segment) => segment.kind === 'load' && segment.execute)
    .flatMap(({ vaddr, fileSize, bytes }) => {
      const end = vaddr + BigInt(fileSize);
      if (image.code.length === 0) return [{ address: vaddr, bytes }];
      return image.code
        .filter(({ address, size }) => address >= vaddr && address + size <= end)
        .map(({ address, size }) => ({
          address,
          bytes: bytes.subarray(Number(address - vaddr), Number(address - vaddr + size)),
        }));
    });
}

function listing(image: ElfImage, isa: Isa, mode: number): void {
  const symbols = new SymbolTable(image);
  for (const stretch of stretches(image)) {
    const lines = [`code at ${stretch.address.toString(16)}, ${stretch.bytes.length} bytes:`];
    const inside = symbols.symbols.filter(({ address }) => holds(stretch, address));
    const starts = inside.map(({ address }) => address);
    let at = stretch.address;
    const end = at + BigInt(stretch.bytes.length);
    let next = 0;
    while (at < end) {
      while (next < inside.length && inside[next].address < at) next++;
      if (inside[next]?.address === at) {
        lines.push('', `${at.toString(16).padStart(image.bits / 4, '0')} <${inside[next].name}>:`);
        next++;
      }
      const limit = starts[next] ?? end;
      const bytes = stretch.bytes.subarray(
        Number(at - stretch.address),
        Number((limit < end ? limit : end) - stretch.address),
      );
      const { text, length } = one(isa, mode, bytes, at, symbols);
      lines.push(...text);
      at += BigInt(length);
      if (lines.length > 1000) write(1, `${lines.splice(0).join('\n')}\n`);
    }
    write(1, `${lines.join('\n')}\n\n`);
  }
}

const holds = ({ address, bytes }: Stretch, at: bigint) => at >= address && at < address + BigInt(bytes.length);

/** Bytes of an encoding that one line shows, as many as objdump's do. */
const SHOWN_BYTES = 7;
/** The mnemonic of an encoding that is no instruction, where instructions begin at any byte. */
const BAD = '(bad)';

/** One instruction, or the bytes of what is cut short. An encoding of more bytes than fit goes on in lines of its own. */
function one(
  isa: Isa,
  mode: number,
  bytes: Uint8Array,
  at: bigint,
  symbols: SymbolTable,
): { text: string[]; length: number } {
  const width = isa.maxInstructionBytes > SHOWN_BYTES ? 3 * SHOWN_BYTES : 10;
  const place = (address: bigint) => `${address.toString(16).padStart(8)}:  `;
  const lines = (encoding: string, assembly: string) => {
    const shown = encoding.split(' ');
    const text = [`${place(at)}${shown.slice(0, SHOWN_BYTES).join(' ').padEnd(width)} ${assembly}`];
    for (let i = SHOWN_BYTES; i < shown.length; i += SHOWN_BYTES)
      text.push(place(at + BigInt(i)) + shown.slice(i, i + SHOWN_BYTES).join(' '));
    return text;
  };
  let length = Math.min(isa.fetchUnit, bytes.length);
  for (;;) {
    const decoded = length < isa.fetchUnit ? length + 1 : isa.decode(bytes.subarray(0, length), mode);
    // Code may begin again behind the first byte of what is none.
    if (typeof decoded !== 'number' && decoded.mnemonic === BAD)
      return { text: lines(byteText(bytes.subarray(0, 1)), BAD), length: 1 };
    if (typeof decoded !== 'number') {
      const assembly = inColumns(decoded.text(at), decoded.mnemonic);
      return { text: lines(decoded.bytes, withTarget(assembly, symbols)), length: decoded.length };
    }
    if (decoded > bytes.length) {
      return { text: lines(byteText(bytes, isa.fetchUnit === 1 ? ' ' : ''), '(cut short)'), length: bytes.length };
    }
    length = decoded;
  }
}

const byteText = (bytes: Uint8Array, between = '') =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(between);

/** Operands in a column of their own, behind the mnemonic and what prefixes stand before it. */
function inColumns(text: string, mnemonic: string): string {
  const space = text.indexOf(' ', Math.max(0, text.indexOf(mnemonic)));
  return space < 0 ? text : `${text.slice(0, space).padEnd(9)} ${text.slice(space + 1)}`;
}

/** Names the address that an instruction's last operand is, if it is one in code. */
function withTarget(assembly: string, symbols: SymbolTable): string {
  const last = /[ ,](?:0x)?([0-9a-f]{4,16})$/.exec(assembly);
  const name = last && symbols.name(BigInt(`0x${last[1]}`));
  return name ? `${assembly} <${name}>` : assembly;
}
