import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultline, guest, ROOT, scratch, start, untilRunning } from './cli.ts';

const folder = scratch();

describe('faultline run --bare', () => {
  it.each([
    ['bare/hello', 0, 'hello from machine mode\n', ''],
    ['bare/fail', 3, '', 'faultline: failed with code 3\n'],
    ['bare/tohost', 0, 'hello through tohost\n', ''],
  ])('%s', (name, status, out, err) => {
    expect(faultline(['run', '--bare', guest(name)])).toEqual({ status, out, err });
  });

  it('takes the number of harts', () => {
    expect(faultline(['run', '--bare', '--harts', '8', guest('bare/hello')])).toMatchObject({
      status: 0,
      out: 'hello from machine mode\n',
    });
  });

  it('stops after exactly so many instructions, with status 124', () => {
    const trace = join(folder, 'limited');
    const { status, err } = faultline([
      'run',
      '--bare',
      '--max-instructions',
      '1234',
      '--trace-out',
      trace,
      guest('bare/pages'),
    ]);
    expect({ status, err }).toEqual({ status: 124, err: 'faultline: stopped after 1234 instructions\n' });
    expect(JSON.parse(readFileSync(trace, 'utf8').trimEnd().split('\n').at(-1)!)).toEqual({
      end: { reason: 'out of instructions', status: 124, instructions: 1234 },
    });
  });

  it('shows each trap as the hardware delivered it', () => {
    const { err } = faultline(['guests', '--trace', 'bare/pages']);
    const [first] = err.split('\n');
    expect(first).toMatch(
      / p0 h0 kernel 80[0-9a-f]{6} supervisor\+[0-9a-f]+ +c?\.?ld .* load 8 @40000010 {2}load page fault → kernel vector 80/,
    );
    const full = faultline(['guests', '--trace=full', 'bare/pages']).err;
    expect(full).toContain(
      '  access  load, 8 bytes at 40000010\n  raw     scause 13 (load page fault)  stval 40000010',
    );
    expect(full).toMatch(/ {2}walk {4}Sv39, root 80[0-9a-f]+, ASID 0\n {10}level 2 .* not valid +← page fault\n/);
  });

  it('shows an interrupt without the syndrome of an exception before it (AArch64.TakeException)', () => {
    const shown = (level: string) => faultline(['guests', '--target', 'aarch64', `--trace=${level}`, 'bare/timer']).err;
    expect(shown('line')).toMatch(
      / p0 h0 kernel 400[0-9a-f]{5} main\+\S+ +isb +IRQ → kernel vector 400[0-9a-f]{2}a80\n/,
    );
    expect(shown('full')).toMatch(/\n {2}raw {5}elr_el1 400[0-9a-f]{5} \(IRQ\) {2}spsr_el1 PAN=0 M=EL1h\n/);
  });

  it('writes the same trace each time, and the same rest of it from a snapshot', () => {
    const whole = join(folder, 'whole');
    const again = join(folder, 'again');
    for (const file of [whole, again]) faultline(['guests', '--trace-out', file, 'bare/pages']);
    expect(readFileSync(again).equals(readFileSync(whole))).toBe(true);
    const lines = readFileSync(whole, 'utf8').trimEnd().split('\n');
    const { instructions } = JSON.parse(lines.at(-1)!).end;
    for (let i = 1; i <= 3; i++) {
      const at = String(Math.floor((instructions * i) / 4));
      const snapshot = join(folder, `at${at}`);
      const rest = join(folder, `rest${at}`);
      faultline(['guests', '--save-at', at, '--save', snapshot, '--trace-out', again, 'bare/pages']);
      expect(readFileSync(again).equals(readFileSync(whole)), 'saving changes nothing').toBe(true);
      expect(faultline(['restore', '--trace-out', rest, snapshot]).status).toBe(0);
      const [header, ...tail] = readFileSync(rest, 'utf8').trimEnd().split('\n');
      expect(header).toBe(lines[0]);
      expect(tail).toEqual(lines.slice(-tail.length));
      // An instruction that trapped was begun, but not retired.
      const next = JSON.parse(tail[0]);
      if (!next.end) expect(next.instruction + next.trap, 'only what comes after').toBeGreaterThan(Number(at));
    }
  });

  it('restored, still ends through tohost', () => {
    const snapshot = join(folder, 'tohost');
    faultline(['run', '--bare', '--save-at', '40', '--save', snapshot, guest('bare/tohost')]);
    const { status, out } = faultline(['restore', snapshot]);
    expect(status).toBe(0);
    expect('hello through tohost\n').toContain(out);
    expect(out.endsWith('tohost\n')).toBe(true);
  });

  it('--save-at past the end says so', () => {
    const { status, err } = faultline([
      'run',
      '--bare',
      '--save-at',
      '99999',
      '--save',
      join(folder, 'x'),
      guest('bare/hello'),
    ]);
    expect(status).toBe(2);
    expect(err).toMatch(/^faultline: --save-at 99999: the guest ended after \d+ instructions\n$/);
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = start(['run', '--bare', guest('bare/pages')]);
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({ code: 141, err: '' });
  });
});

describe('Ctrl-C', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a run with status %i and a whole trace file', async (signal, status) => {
    const trace = join(folder, signal);
    // An image that never ends: the first instruction of the smallest one becomes `j .`.
    const loop = join(folder, 'loop');
    const file = readFileSync(guest('bare/hello'));
    file.writeUInt32LE(0x0000006f, 0xe8);
    writeFileSync(loop, file);
    const child = start(['run', '--bare', '--trace-out', trace, loop]);
    const closed = once(child, 'close');
    await untilRunning(trace);
    child.kill(signal);
    const [code] = await closed;
    expect(code).toBe(status);
    const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!).end).toMatchObject({ reason: 'interrupted', status });
  });
});

describe('faultline disasm', () => {
  it('lists what the sections call code, symbol by symbol', () => {
    const { status, out } = faultline(['disasm', guest('bare/hello')]);
    expect(status).toBe(0);
    const lines = out.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'code at 80000000, 68 bytes:',
      '',
      '0000000080000000 <_start>:',
      '80000000:  f14022f3   csrrs     t0,mhartid,zero',
      expect.stringMatching(/^80000004: {2}[0-9a-f]{8} {3}bne {7}t0,zero,[0-9a-f]{8} <park>$/),
    ]);
    expect(out).toMatch(/\n\n[0-9a-f]{16} <park>:\n80[0-9a-f]+: {2}10500073 {3}wfi\n/);
    expect(out).not.toContain('illegal');
  });
});

describe('faultline guests', () => {
  it('lists those of one target', () => {
    const { status, out } = faultline(['guests', '--target', 'aarch64']);
    expect(status).toBe(0);
    expect(out).toMatch(/^bare\/hello +aarch64 {2}\S/m);
    expect(out).not.toContain('riscv64 ');
  });

  it('lists every built-in guest with its targets', () => {
    const { status, out } = faultline(['guests']);
    const known: { name: string }[] = JSON.parse(readFileSync(join(ROOT, 'guest/guests.json'), 'utf8'));
    expect(status).toBe(0);
    expect(
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(known.map(({ name }) => name));
  });
});
