import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elf, type FIELDS, type HeaderFields, setField, withSymbols } from '../machine/image/elf-builder.ts';
import { elf32, setField32 } from '../machine/image/elf32-builder.ts';
import { faultline, guest, scratch } from './cli.ts';

const folder = scratch();
const hello = guest('hello');

/** Writes a file and returns its path. */
function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const made = (
  name: string,
  headers: readonly HeaderFields[],
  damage: Partial<Record<keyof typeof FIELDS, bigint>> = {},
) => {
  const content = elf(headers);
  for (const [field, value] of Object.entries(damage)) setField(content, field as keyof typeof FIELDS, value);
  return file(name, content);
};

/** A 32-bit image of some machine. */
function narrow(name: string, machine: number): string {
  const content = elf32([{}]);
  setField32(content, 'machine', machine);
  return file(name, content);
}

const whole = readFileSync(hello);
const DIRECTORY = join(folder, 'directory');
mkdirSync(DIRECTORY);
const TEXT = file('text', 'int main() {}\n');

const INTERP: HeaderFields[] = [{}, { type: 3, offset: 0x2000n, filesz: 8n }];

/** Arguments, and what the one line on stderr says behind `faultline: `. */
const CASES: readonly (readonly [readonly string[], string | RegExp])[] = [
  [[], /^which command\?/],
  [['frobnicate'], "unknown command 'frobnicate'; faultline --help lists what there is"],
  [['--frobnicate'], "unknown option '--frobnicate'; faultline --help lists what there is"],
  [['run'], 'run: which program?'],
  [['disasm'], 'disasm: which file?'],
  [['restore'], 'restore: which snapshot?'],
  [['run', '--frobnicate', hello], "run: unknown option '--frobnicate'"],
  [['run', '-x', hello], "run: unknown option '-x'"],
  [['run', '--no-bare', hello], "run: unknown option '--no-bare'"],
  [['run', '--constructor', hello], "run: unknown option '--constructor'"],
  [['disasm', '--trace', hello], "disasm: unknown option '--trace'"],
  [['disasm', '--bits', '12', hello], "--bits: '12' is none of 64, 32, 16"],
  [['disasm', '--bits', '64', hello], `${hello}: --bits: riscv64 has code of one kind`],
  [['disasm', hello, hello], 'disasm: too many arguments'],
  [['tour', 'x'], 'tour: too many arguments'],
  [['guests', 'nosuch'], "no built-in guest 'nosuch'; faultline guests lists them"],
  [['guests', '../hello'], "no built-in guest '../hello'; faultline guests lists them"],
  [['run', '--memory'], '--memory needs a value'],
  [['run', '--memory', 'lots', hello], "--memory: 'lots' is not a size such as 64M or 1G"],
  [['run', '--memory', '-1M', hello], "--memory: '-1M' is not a size such as 64M or 1G"],
  [['run', '--memory', '0', hello], '--memory: 0 is not a multiple of 4096 bytes'],
  [['run', '--memory', '1000', hello], '--memory: 1000 is not a multiple of 4096 bytes'],
  [['run', '--memory', '4G', hello], '--memory: 4G is more than 3072M'],
  [['run', '--memory', '99999999999999999999G', hello], /^--memory: 9+G is more than 3072M$/],
  [['run', '--harts', '0', hello], "--harts: '0' is not a whole number from 1 to 8"],
  [['run', '--harts', '9', hello], "--harts: '9' is not a whole number from 1 to 8"],
  [['run', '--harts', '1.5', hello], "--harts: '1.5' is not a whole number from 1 to 8"],
  [['run', '--harts', '0x2', hello], "--harts: '0x2' is not a whole number from 1 to 8"],
  [['run', '--harts=', hello], "--harts: '' is not a whole number from 1 to 8"],
  [['run', '--max-instructions', 'many', hello], "--max-instructions: 'many' is not a whole number of at least 0"],
  [['run', '--max-instructions', '-1', hello], "--max-instructions: '-1' is not a whole number of at least 0"],
  [['run', '--seed', '4294967296', hello], "--seed: '4294967296' is not a whole number from 0 to 4294967295"],
  [['run', '--mmu', 'sv32', hello], "--mmu: 'sv32' is none of sv39, sv48, sv57"],
  [['run', '--mmu', 'sv39', guest('hello', 'aarch64')], /^--mmu: 'sv39' is none of [a-z0-9, -]+$/],
  [['run', '--mmu', 'sv48', guest('hello', 'x86-64')], "--mmu: 'sv48' is none of 4-level, 5-level"],
  [['guests', '--mmu', 'sv39', '--target', 'aarch64', 'hello'], /^--mmu: 'sv39' is none of [a-z0-9, -]+$/],
  [['guests', '--target', 'vax', 'hello'], "--target: 'vax' is none of riscv64, aarch64, x86-64"],
  [['guests', '--target', 'vax'], "--target: 'vax' is none of riscv64, aarch64, x86-64"],
  [['run', '--target', 'riscv64', hello], "run: unknown option '--target'"],
  [['validate', 'nosuch'], "validate: no scenario with 'nosuch' in its name"],
  [['validate', 'cow', 'x'], 'validate: too many arguments'],
  [['validate', '--target', 'vax'], "--target: 'vax' is none of riscv64, aarch64, x86-64"],
  [['validate', '--policy', 'linux'], "--policy: 'linux' is none of corrected, veridian"],
  [['validate', '--uaccess', 'linux'], "--uaccess: 'linux' is none of corrected, axptr"],
  [['validate', '--json=yes'], '--json takes no value'],
  [['explain'], 'explain: which target?'],
  [['explain', 'vax', 'scause=1'], "explain: no target 'vax'; there are riscv64, aarch64, x86-64"],
  [['explain', 'riscv64'], 'explain: which scause? It says what the trap was'],
  [['explain', 'riscv64', 'stval=1'], 'explain: which scause? It says what the trap was'],
  [['explain', 'riscv64', 'scause'], "explain: 'scause' is not NAME=VALUE"],
  [['explain', 'riscv64', 'scause='], "explain: scause: '' is not a hexadecimal number"],
  [['explain', 'riscv64', 'scause=0x'], "explain: scause: '0x' is not a hexadecimal number"],
  [['explain', 'riscv64', 'scause=-1'], "explain: scause: '-1' is not a hexadecimal number"],
  [['explain', 'riscv64', 'scause=f', 'stval=load'], "explain: stval: 'load' is not a hexadecimal number"],
  [['explain', 'riscv64', `scause=1${'0'.repeat(16)}`], /^explain: scause: '10+' has more than 64 bits$/],
  [['explain', 'riscv64', 'scause=1', 'SCAUSE=2'], 'explain: SCAUSE is given twice'],
  [
    ['explain', 'riscv64', 'scause=1', 'mepc=2'],
    /^explain: these registers belong to different traps; there are scause, /,
  ],
  [['explain', 'riscv64', 'esr=1'], /^explain: riscv64 has no trap register 'esr'; it has scause, stval, /],
  [['explain', 'aarch64', 'scause=1'], "explain: aarch64 has no trap register 'scause'; it has esr, far, elr, spsr"],
  [['explain', 'aarch64', 'far=1'], 'explain: which esr? It says what the trap was'],
  [['explain', 'x86-64', 'cr2=1'], 'explain: which vector? It says what the trap was'],
  [
    ['explain', 'x86-64', 'esr=1'],
    "explain: x86-64 has no trap register 'esr'; it has vector, error, cr2, rip, cs, rflags, rsp, ss; or error, cr2, rip, cs, rflags, rsp, ss; or rcx, r11",
  ],
  [['explain', 'x86-64', 'vector=100'], "explain: vector: '100' has more than 8 bits"],
  [['explain', 'x86-64', 'vector=e', 'cs=10033'], "explain: cs: '10033' has more than 16 bits"],
  [
    ['explain', 'x86-64', 'vector=e', 'rcx=1'],
    /^explain: these registers belong to different traps; there are vector, /,
  ],
  [['explain', '--frobnicate', 'riscv64', 'scause=1'], "explain: unknown option '--frobnicate'"],
  [['run', '--ad', 'none', hello], "--ad: 'none' is none of hardware, software"],
  ...[
    ['run', '--ad', 'software', guest('hello', 'x86-64')],
    ['run', '--ad', 'software', '--bare', guest('bare/hello', 'x86-64')],
    ['guests', '--ad', 'software', '--target', 'x86-64', 'hello'],
    ['guests', '--ad', 'software', 'pkeys'],
  ].map((args) => [args, '--ad: on x86-64 the walker always sets accessed and dirty bits, never software'] as const),
  [['run', '--policy', 'linux', hello], "--policy: 'linux' is none of corrected, veridian"],
  [['run', '--uaccess', 'linux', hello], "--uaccess: 'linux' is none of corrected, axptr"],
  [['run', '--trace=everything', hello], "--trace: 'everything' is none of line, full, faults, syscalls"],
  [['run', '--bare=yes', hello], '--bare takes no value'],
  [['run', '--env', 'NOVALUE', hello], "--env: 'NOVALUE' is not NAME=VALUE"],
  [['run', '--env', '=x', hello], "--env: '=x' is not NAME=VALUE"],
  [['run', '--save-at', '5', hello], '--save-at and --save go together'],
  [['run', '--save', join(folder, 's'), hello], '--save-at and --save go together'],
  [['run', '--trace-out', '/nonexistent/t', hello], '--trace-out: /nonexistent/t: no such file'],
  [['run', '--trace-out', DIRECTORY, hello], `--trace-out: ${DIRECTORY}: is a directory`],
  [['run', '--trace-out', '/dev/full', hello], '--trace-out: /dev/full: no space left'],
  [['run', '--save-at', '5', '--save', '/nonexistent/s', hello], '/nonexistent/s: no such file'],
  [['run', join(folder, 'missing')], `${join(folder, 'missing')}: no such file`],
  [['run', ''], ': no such file'],
  [['run', `${hello}/x`], `${hello}/x: a part of the path is no directory`],
  [['run', DIRECTORY], `${DIRECTORY}: is a directory`],
  [['run', '/dev/zero'], '/dev/zero: not a regular file'],
  [['run', TEXT], `${TEXT}: not an ELF file`],
  [['disasm', TEXT], `${TEXT}: not an ELF file`],
  [['restore', TEXT], `${TEXT}: not a snapshot`],
  [['restore', hello], `${hello}: not a snapshot`],
  [['restore', TEXT, 'x'], "restore: the snapshot has its arguments already: 'x'"],
  [['run', file('empty', '')], /: not an ELF file: it is empty$/],
  [['disasm', made('arm', [{}], { machine: 40n })], /arm: built for ARM; guests run on riscv64, aarch64, x86-64$/],
  [
    ['run', made('alien', [{}], { machine: 9999n })],
    /alien: built for machine 9999; guests run on riscv64, aarch64, x86-64$/,
  ],
  [['run', '--bare', narrow('rv32', 243)], /rv32: built for 32-bit RISC-V; guests run on riscv64, aarch64, x86-64$/],
  [['run', '--bare', narrow('x32', 62)], /x32: built for 32-bit x86-64; guests run on riscv64, aarch64, x86-64$/],
  [['run', '--bare', narrow('i386', 3)], /i386: a 32-bit ELF file without a multiboot header$/],
  [['run', narrow('program', 3)], /program: a 32-bit ELF file$/],
  [['run', made('bits32', [{}], { class: 1n })], /bits32: a 32-bit ELF file$/],
  [['run', made('big', [{}], { data: 2n })], /big: a big-endian ELF file$/],
  [['run', made('object', [{}], { type: 1n })], /object: a relocatable object file, not a program$/],
  [['run', made('dynamic', INTERP)], /dynamic: dynamically linked/],
  [
    ['run', file('half', whole.subarray(0, 600))],
    /half: truncated: the section headers end at .*, past the file's end/,
  ],
  [
    ['run', file('head', whole.subarray(0, 80))],
    /head: truncated: program header 0 lies at 0x40, past the file's end at 0x50$/,
  ],
  [
    ['run', made('overlap', [{ memsz: 0x10001n }, {}])],
    /overlap: program headers 0 and 1: segments overlap at 0x21000$/,
  ],
  [
    ['run', made('wrap', [{ vaddr: (1n << 64n) - 0x1000n, memsz: 0x2000n }])],
    /wrap: program header 0: .* wraps 2\^64$/,
  ],
  [['run', made('outside', [{ filesz: 0x9000n }])], /outside: truncated: program header 0: its segment ends at 0xa000/],
  [['run', made('kernel', [{ vaddr: 0xffff_ffc0_0000_1000n }])], /kernel: program header 0: .* kernel half/],
  [['run', made('null', [{ vaddr: 0n }])], /null: program header 0: .* lies outside the user range/],
  [['run', '--memory', '4K', hello], /memory too small/],
  [
    ['run', made('vast', [{}, { filesz: 0n, memsz: 1n << 38n }])],
    /vast: program header 1: .* lies outside the user range/,
  ],
  [['run', '--bare', hello], /hello: program header 1: segment 10000–10136 outside RAM 80000000–88000000$/],
  [['run', '--bare', '--memory', '4K', guest('bare/pages')], /outside RAM 80000000–80001000$/],
  [
    ['run', '--bare', file('tohost', withSymbols(elf([{ paddr: 0x8000_0000n }]), [{ name: 'tohost', value: 4n }]))],
    /tohost: tohost at 4 lies outside RAM$/,
  ],
];

describe("a user's mistake is one line on stderr and status 2", () => {
  it.each(CASES)('faultline %j', (args, expected) => {
    const { status, out, err } = faultline(args);
    const [line, ...rest] = err.split('\n');
    expect(rest, err).toEqual(['']);
    expect(line.startsWith('faultline: ')).toBe(true);
    const message = line.slice('faultline: '.length);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
    expect(status).toBe(2);
    expect(args.includes('/dev/full') || args.includes('--save-at') ? '' : out).toBe('');
  });
});

describe('faultline --help and --version', () => {
  it.each(['run', 'guests', 'tour', 'validate', 'explain', 'disasm', 'restore'])('%s has an example', (name) => {
    const { status, out, err } = faultline([name, '--help']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toContain(`Examples:\n  faultline ${name}`);
  });

  it('lists every command', () => {
    const { status, out } = faultline(['--help']);
    expect(status).toBe(0);
    for (const name of ['run', 'guests', 'tour', 'disasm', 'restore']) expect(out).toContain(`\n  faultline ${name}`);
  });

  it('prints the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(faultline(['--version'])).toEqual({ status: 0, out: `${version}\n`, err: '' });
  });
});
