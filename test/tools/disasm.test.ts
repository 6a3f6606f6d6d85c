import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWith } from '../toolchain.ts';
import { faultline, guest, ROOT } from './cli.ts';

/** A line of a listing: `address bytes text`, the text with single spaces, without what is behind it in angle brackets. */
const LINE = /^ *([0-9a-f]+):\s+((?:[0-9a-f]{2} )*[0-9a-f]{2})\b\s*(.*)$/;

/** Listed instructions, continuation lines joined to theirs. */
function instructions(listing: string): string[] {
  const found: { at: string; bytes: string; text: string }[] = [];
  for (const line of listing.split('\n')) {
    const [, at, bytes, rest] = LINE.exec(line) ?? [];
    if (at === undefined) continue;
    const text = rest
      .replace(/ *(<[^>]*>|#.*)/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    const last = found.at(-1);
    if (text === '' && last) last.bytes += ` ${bytes}`;
    else found.push({ at, bytes, text });
  }
  return found.map(({ at, bytes, text }) => `${at} ${bytes} ${text}`);
}

/**
 * objdump writes targets of branches without 0x, and bytes that are cut short as data. Of a branch with operand size 16
 * it keeps the address's upper half, which the manual clears: `IF OperandSize = 16 THEN EIP := EIP AND 0000FFFFH` (SDM
 * vol. 2A, Jcc).
 */
const asOurs = (line: string) =>
  line
    .replace(/ (j\w+|call|loop\w*) ([0-9a-f]+)$/, ' $1 0x$2')
    .replace(/( data16 j\w+ 0x)([0-9a-f]+)$/, (_, head, to) => head + (Number.parseInt(to, 16) & 0xffff).toString(16))
    .replace(/^(\S+ .*?) \.byte 0x[0-9a-f]+$/, '$1 (cut short)');

const BARE = readdirSync(join(ROOT, 'guest/bin/x86-64/bare')).map((name) => `bare/${name}`);
/**
 * In 32-bit code objdump has SYSCALL as AMD does; Intel's manual says #UD of it (SDM vol. 2B, SYSCALL, Compat/Leg Mode:
 * Invalid). It is in the 64-bit part of this one.
 */
const HAS_SYSCALL = 'bare/pages';

describeWith(['objdump'], 'faultline disasm of x86-64, instruction by instruction as objdump', () => {
  const objdump = (machine: string, file: string) =>
    instructions(execFileSync('objdump', ['-d', '-z', '-M', `intel${machine}`, file], { encoding: 'utf8' })).map(
      asOurs,
    );

  it.each([
    ...['user-access', 'illegal', 'page-cross'].map((name) => ['64-bit ELF', [], '', name] as const),
    ...BARE.filter((name) => name !== HAS_SYSCALL).map((name) => ['32-bit ELF', [], '', name] as const),
    ...BARE.map((name) => ['32-bit ELF', ['--bits', '64'], ',x86-64', name] as const),
  ])('%s %j%s %s', (_, options, machine, name) => {
    const { status, out, err } = faultline(['disasm', ...options, guest(name, 'x86-64')]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const ours = instructions(out);
    expect(ours.length).toBeGreaterThan(10);
    expect(ours).toEqual(objdump(machine, guest(name, 'x86-64')));
  });
});

describe('faultline disasm', () => {
  it('shows 7 bytes of an encoding in a line, prefixes with their mnemonic, and where branches lead', () => {
    const { out } = faultline(['disasm', guest('stack-write', 'x86-64')]);
    expect(out).toContain(`
0000000000011230 <leave>:
   11230:  55                    push      rbp
   11231:  48 89 e5              mov       rbp,rsp
   11234:  89 ff                 mov       edi,edi
   11236:  66 2e 0f 1f 84 00 00  cs nop    WORD PTR [rax+rax*1+0x0]
   1123d:  00 00 00
   11240:  b8 e7 00 00 00        mov       eax,0xe7
`);
    expect(out).toContain('\n   11254:  eb ea                 jmp       0x11240 <leave+10>\n');
  });

  it('reads a 32-bit image as 32-bit code throughout, unless told otherwise', () => {
    const [narrow, wide] = [[], ['--bits', '64']].map((option) =>
      faultline(['disasm', ...option, guest('bare/hello', 'x86-64')]),
    );
    expect(narrow.out).toContain('\n0010000c <_start>:\n');
    expect(narrow.out).toContain('  100082:  ea 89 00 10 00 08 00  jmp       0x8:0x100089\n');
    expect(narrow.out).toContain('  1000b6:  48                    dec       eax\n  1000b7:  ff c6 ');
    expect(wide.out).toContain('  1000b6:  48 ff c6              inc       rsi\n');
  });
});
