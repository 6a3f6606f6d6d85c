// What the command says of x86-64's images: how they start and end, and what is saved in the middle of an instruction.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elf, setField } from '../machine/image/elf-builder.ts';
import { elf32 } from '../machine/image/elf32-builder.ts';
import { faultline, guest, scratch } from './cli.ts';

const folder = scratch();
const MAGIC = 0x1bad_b002;
/** Where both kinds of file that are made here have what is loaded. */
const CODE = 0x1000;

const bytes = (code: string) => code.split(' ').map((byte) => Number.parseInt(byte, 16));

/** A bare-metal image of 32 bits with that code at its entry, 0x100000, and with a multiboot header or without one. */
function image(name: string, code: string, header = true): string {
  const file = elf32([{}]);
  file.set(bytes(code), CODE);
  const view = new DataView(file.buffer);
  if (header) [MAGIC, 0, -MAGIC >>> 0].forEach((word, i) => void view.setUint32(0x1800 + 4 * i, word, true));
  const path = join(folder, name);
  writeFileSync(path, file);
  return path;
}

/** MOV EAX, value; OUT 0xF4, EAX. */
const leave = (value: number) => `b8 ${value.toString(16)} 00 00 00 e7 f4`;
const UD2 = '0f 0b';

describe('faultline run --bare of x86-64', () => {
  it('starts an image of 32 bits as multiboot says, which climbs into long mode by itself', () => {
    const result = faultline(['run', '--bare', guest('bare/hello', 'x86-64')]);
    expect(result).toEqual({ status: 0, out: 'hello from long mode\n', err: '' });
  });

  it('refuses one without a multiboot header in one line', () => {
    const path = image('headless', UD2, false);
    expect(faultline(['run', '--bare', path])).toEqual({
      status: 2,
      out: '',
      err: `faultline: ${path}: a 32-bit ELF file without a multiboot header\n`,
    });
  });

  // QEMU's isa-debug-exit, whose status is that of a process: 8 bits.
  it.each([
    [0, 0, ''],
    [1, 3, 'faultline: failed with code 3\n'],
    [42, 85, 'faultline: failed with code 85\n'],
    [127, 255, 'faultline: failed with code 255\n'],
    [128, 1, 'faultline: failed with code 257\n'],
  ])('%i to port 0xF4: status %i', (value, status, err) => {
    expect(faultline(['run', '--bare', image(`exit-${value}`, leave(value))])).toEqual({ status, out: '', err });
  });

  it('tells a triple fault from the first event to the last, with status 1', () => {
    const trace = join(folder, 'triple-trace');
    const result = faultline(['run', '--bare', '--trace', '--trace-out', trace, image('triple', UD2)]);
    expect(result).toEqual({
      status: 1,
      out: '',
      err: `\
faultline: triple fault
  #UD, invalid opcode, rip 0x100000
  in its delivery: #GP, general protection, error code 0x33, rip 0x100000
  in its delivery: #GP, general protection, error code 0x6b, rip 0x100000
  #DF, double fault, error code 0x0, rip 0x100000
  in its delivery: #GP, general protection, error code 0x43, rip 0x100000
`,
    });
    const [, ...rest] = readFileSync(trace, 'utf8').trimEnd().split('\n');
    expect(rest, 'no trap was delivered').toEqual(['{"end":{"reason":"failed","status":1,"instructions":1}}']);
  });

  it('halted for ever, and asking for what there is not: one line, status 1', () => {
    expect(faultline(['run', '--bare', image('halt', 'f4')])).toMatchObject({
      status: 1,
      err: 'faultline: every hart waits for an interrupt, and none will come\n',
    });
    expect(faultline(['run', '--bare', image('real', '0f 20 c0 24 fe 0f 22 c0')])).toMatchObject({
      status: 1,
      err: 'faultline: unsupported: real-address mode\n',
    });
  });

  it('shows an exception with its error code’s fields, and SYSCALL by what it leaves in registers', () => {
    const { err } = faultline(['guests', '--target', 'x86-64', '--trace=full', 'bare/pages']);
    expect(err).toContain(
      '\n  raw     vector 14 (page fault: not present, supervisor read)  error 0 (PK=0 I/D=0 RSVD=0 U/S=0 W/R=0 P=0)\n',
    );
    expect(err).toMatch(/\n {2}raw {5}rcx 100000000[0-9a-f]{2} \(SYSCALL instruction\) {2}r11 [0-9a-f]+\n/);
    expect(err).not.toContain('vector 256');
  });
});

/**
 * Fills three pages with REP STOSB, counts by REPE SCASB how many bytes have come, and exits with the count's pages.
 * MOV EDI, ...; MOV ECX, 0x3000; MOV EAX, 0x41; REP STOSB; MOV EDI, ...; MOV ECX, 0x3000; REPE SCASB; MOV EAX, EDI;
 */
const FILL = 'bf 00 10 02 00 b9 00 30 00 00 b8 41 00 00 00 f3 aa bf 00 10 02 00 b9 00 30 00 00 f3 ae 89 f8';
/** SUB EAX, 0x21000; SHR EAX, 12; MOV EDI, EAX; MOV EAX, 231 (exit_group); SYSCALL. */
const TELL = '2d 00 10 02 00 c1 e8 0c 89 c7 b8 e7 00 00 00 0f 05';

describe('a snapshot in the middle of a repeated string instruction', () => {
  const path = join(folder, 'repeated');
  const file = elf([{ vaddr: 0x1_1000n }, { vaddr: 0x2_1000n, flags: 6, filesz: 0n, memsz: 0x3000n }]);
  setField(file, 'machine', 62);
  file.set(bytes(`${FILL} ${TELL}`), CODE);
  writeFileSync(path, file);
  const whole = join(folder, 'repeated-trace');
  const first = faultline(['run', '--trace-out', whole, path]);
  const lines = readFileSync(whole, 'utf8').split('\n');

  it('every iteration is a step of its own, and faults in the middle are resumed', () => {
    expect(first).toEqual({ status: 3, out: '', err: '' });
    const { end } = JSON.parse(lines.at(-2)!);
    expect(end.instructions).toBeGreaterThan(2 * 0x3000);
    const faults = lines.filter((line) => line.includes('"text":"rep stos'));
    expect(faults).toHaveLength(3);
  });

  it.each([3, 4, 100, 0x1002, 0x1003, 0x2fff, 0x4000])('after step %i', (at) => {
    const [snapshot, rest] = ['snapshot', 'rest'].map((kind) => join(folder, `repeated-${kind}-${at}`));
    const saved = faultline(['run', '--save-at', String(at), '--save', snapshot, path]);
    expect(saved).toEqual(first);
    expect(faultline(['restore', '--trace-out', rest, snapshot])).toEqual(first);
    const [header, ...tail] = readFileSync(rest, 'utf8').split('\n');
    expect(header).toBe(lines[0]);
    expect(tail.length).toBeGreaterThan(1);
    expect(tail).toEqual(lines.slice(-tail.length));
  });
});
