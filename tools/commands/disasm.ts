import { type ElfImage, type Isa, parseElf, SymbolTable } from '../../machine/index.ts';
import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { readUserFile, write } from '../host.ts';
import { named, targetOf } from '../session.ts';

/** `faultline disasm`: the executable segments of a file, symbol by symbol. */
export const disasm: Command = {
  name: 'disasm',
  operands: '<file>',
  describe: "Disassemble a program's executable segments",
  options: {},
  examples: [['disasm guest/bin/riscv64/hello', 'addresses, encodings and assembly']],
  run: async (_, path, rest) => {
    if (rest.length > 0) throw new UserError(`disasm: one file, not '${rest[0]}' as well`);
    const file = readUserFile(String(path));
    named(String(path), () => {
      const image = parseElf(file, 1);
      listing(image, targetOf(image));
    });
    return 0;
  },
};

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

function listing(image: ElfImage, isa: Isa): void {
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
        lines.push('', `${at.toString(16).padStart(16, '0')} <${inside[next].name}>:`);
        next++;
      }
      const limit = starts[next] ?? end;
      const bytes = stretch.bytes.subarray(
        Number(at - stretch.address),
        Number((limit < end ? limit : end) - stretch.address),
      );
      const { text, length } = one(isa, bytes, at, symbols);
      lines.push(text);
      at += BigInt(length);
      if (lines.length > 1000) write(1, `${lines.splice(0).join('\n')}\n`);
    }
    write(1, `${lines.join('\n')}\n\n`);
  }
}

const holds = ({ address, bytes }: Stretch, at: bigint) => at >= address && at < address + BigInt(bytes.length);

/** One instruction, or the bytes of what is cut short. */
function one(isa: Isa, bytes: Uint8Array, at: bigint, symbols: SymbolTable): { text: string; length: number } {
  const line = (encoding: string, assembly: string) =>
    `${at.toString(16).padStart(8)}:  ${encoding.padEnd(10)} ${assembly}`;
  let length = Math.min(isa.fetchUnit, bytes.length);
  for (;;) {
    const decoded = length < isa.fetchUnit ? length + 1 : isa.decode(bytes.subarray(0, length), 0);
    if (typeof decoded !== 'number') {
      const [mnemonic, ...operands] = decoded.text(at).split(' ');
      const assembly = `${mnemonic.padEnd(9)} ${operands.join(' ')}`.trimEnd();
      return { text: line(decoded.bytes, withTarget(assembly, symbols)), length: decoded.length };
    }
    if (decoded > bytes.length) {
      const rest = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      return { text: line(rest, '(cut short)'), length: bytes.length };
    }
    length = decoded;
  }
}

/** Names the address that an instruction's last operand is, if it is one in code. */
function withTarget(assembly: string, symbols: SymbolTable): string {
  const last = /[ ,]([0-9a-f]{4,16})$/.exec(assembly);
  const name = last && symbols.name(BigInt(`0x${last[1]}`));
  return name ? `${assembly} <${name}>` : assembly;
}
