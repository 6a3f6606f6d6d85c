import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { leavesAccessedDirty } from '../../kernel/index.ts';
import { TARGETS } from '../../machine/index.ts';
import { CLI, faultline, guest, scratch, start, TARGET_NAMES, untilRunning } from './cli.ts';

const folder = scratch();

interface BuiltIn {
  readonly name: string;
  readonly status: number;
  readonly options: { readonly stdin?: string };
}
const GUESTS: readonly BuiltIn[] = JSON.parse(
  readFileSync(new URL('../../guest/guests.json', import.meta.url), 'utf8'),
);

describe('faultline guests NAME', () => {
  const cases = TARGET_NAMES.flatMap((target) =>
    GUESTS.filter(({ name }) => existsSync(guest(name, target))).map(
      ({ name, status, options }) => [name, status, target, options.stdin ?? ''] as const,
    ),
  );
  it.each(cases)('%s ends with status %i on %s', (name, status, target, stdin) => {
    const result = faultline(['guests', '--target', target, name, ...(name.startsWith('bench-') ? ['1'] : [])], stdin);
    expect(result.status, result.err).toBe(status);
    expect(result.out).not.toMatch(/FAILED|not ok/);
  });
});

describe('faultline run', () => {
  it('gives the guest everything behind the program', () => {
    const { out } = faultline(['run', '--env', 'A=B=C', '--env', 'EMPTY=', guest('args'), '--trace', '--', '-x', '']);
    expect(out).toBe(
      [
        `argv[0]=${guest('args')}`,
        'argv[1]=--trace',
        'argv[2]=--',
        'argv[3]=-x',
        'argv[4]=',
        'ok: argv ends with a null pointer',
        'envp[0]=A=B=C',
        'envp[1]=EMPTY=',
        '',
      ].join('\n'),
    );
  });

  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

  it.each(['a pipe', 'a file'])('copies %s through the guest, byte for byte', (kind) => {
    const path = join(folder, 'input');
    writeFileSync(path, bytes);
    const fd = openSync(path, 'r');
    const { status, stdout } = spawnSync('node', [CLI, 'run', guest('echo')], {
      ...(kind === 'a pipe' ? { input: bytes } : { stdio: [fd, 'pipe', 'inherit'] }),
      maxBuffer: 1 << 28,
    });
    closeSync(fd);
    expect(status).toBe(0);
    expect(Buffer.compare(stdout, bytes)).toBe(0);
  });

  it('waits for input that comes late, and ends with it', async () => {
    const child = start(['run', guest('echo')]);
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    await sleep(600);
    child.stdin.write('one ');
    await sleep(300);
    child.stdin.end('two');
    const [code] = await once(child, 'close');
    expect({ code, out }).toEqual({ code: 0, out: 'one two' });
  });

  it('ends at Ctrl-C while it waits for input, the trace file whole', async () => {
    const trace = join(folder, 'waiting');
    const child = start(['run', '--trace-out', trace, guest('echo')]);
    const closed = once(child, 'close');
    await untilRunning(trace);
    child.kill('SIGINT');
    const [code] = await closed;
    expect(code).toBe(130);
    const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!).end).toMatchObject({ reason: 'interrupted', status: 130 });
  });

  it('reports a fatal fault in one line', () => {
    const { status, out, err } = faultline(['run', guest('write-rodata')]);
    expect(status).toBe(139);
    expect(out).not.toBe('');
    expect(err).toMatch(
      /^faultline: p1 killed by SIGSEGV \(SEGV_ACCERR\): store 8 bytes at 10[0-9a-f]+, pc 11[0-9a-f]+ main\+[0-9a-f]+ sd zero,0\(s1\)\n$/,
    );
  });

  it('tells a fatal fault with registers, callers and areas', () => {
    const { err } = faultline(['run', '--trace=full', guest('null-read')]);
    const fatal = err.slice(err.lastIndexOf('\ntrap '));
    expect(fatal).toMatch(/\n {2}regs {6}pc 11[0-9a-f]+ +ra 11/);
    expect(fatal).toMatch(/\n {2}stack {3}#0 11[0-9a-f]+ main\+[0-9a-f]+\n {10}#1 11[0-9a-f]+ guest_start/);
    expect(fatal).toMatch(/\n {2}areas {3}10000–11000 r-- rodata\n {10}11000–12000 r-x text\n/);
    expect(fatal).toContain('  outcome SIGSEGV (SEGV_MAPERR) at 0; exit 139\n\nfaultline: p1 killed by');
  });

  it('ends with 70 and the whole trap flow when the kernel panics', () => {
    const { status, err } = faultline(['guests', '--uaccess', 'axptr', 'user-access'], 'some input\n');
    expect(status).toBe(70);
    const [first] = err.split('\n');
    expect(first).toMatch(/^trap \d+ · hart 0 · process 1 · instruction \d+$/);
    expect(err).toMatch(/\n {2}call {4}write\(1, 0xfffffffffffff000, 8192\)\n/);
    expect(err).toMatch(
      /\n {2}outcome kernel panic: attempt to add with overflow.*\n\nfaultline: kernel panic: attempt/,
    );
    expect(err, 'no stack trace').not.toMatch(/^ {4}at /m);
  });

  it('stops after exactly so many instructions, with status 124', () => {
    const trace = join(folder, 'limited');
    const { status, err } = faultline(['run', '--max-instructions', '777', '--trace-out', trace, guest('demand')]);
    expect({ status, err }).toEqual({ status: 124, err: 'faultline: stopped after 777 instructions\n' });
    expect(JSON.parse(readFileSync(trace, 'utf8').trimEnd().split('\n').at(-1)!).end.instructions).toBe(777);
  });

  it.each([
    ['riscv64', '--mmu', 'sv48'],
    ['riscv64', '--mmu', 'sv57'],
    ['aarch64', '--mmu', 'va39'],
    ['x86-64', '--mmu', '4-level'],
    ['x86-64', '--mmu', '5-level'],
    ...TARGETS.flatMap((isa) => (leavesAccessedDirty(isa) ? [[isa.name, '--ad', 'software']] : [])),
    ...TARGETS.flatMap(({ name }) => [
      [name, '--ad', 'hardware'],
      [name, '--harts', '8'],
      [name, '--memory', '16M'],
      [name, '--seed', '7'],
    ]),
  ])('%s %s %s: fork-cow all the same', (target, ...option) => {
    const { status, out } = faultline(['guests', '--target', target, ...option, 'fork-cow']);
    expect(status).toBe(0);
    expect(out).not.toContain('FAILED');
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = start(['run', guest('demand')]);
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({ code: 141, err: '' });
  });
});

describe('what --trace shows', () => {
  const shown = (option: string) =>
    faultline(['run', option, guest('fork-cow')])
      .err.trimEnd()
      .split('\n');

  it('line by line, a nested trap inside its system call', () => {
    const lines = faultline(['run', '--trace', guest('stack-write')]).err.split('\n');
    const nested = lines.findIndex((line) =>
      / {3}kernel user-access {6}load 1 @[0-9a-f]+ {2}not present → /.test(line),
    );
    expect(lines[nested - 1]).toMatch(/ ecall {10}openat\(.*\)$/);
    expect(lines[nested + 1]).toMatch(/ = -2 ENOENT$/);
  });

  it('faults only', () => {
    const lines = shown('--trace=faults');
    expect(lines.every((line) => / → | = |ecall {10}/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes('copy-on-write: copied to frame'))).toBe(true);
    expect(lines.some((line) => line.includes('clone('))).toBe(false);
  });

  it('system calls only', () => {
    const lines = shown('--trace=syscalls');
    expect(lines.some((line) => /clone\(.*\) = 2$/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes(' h0 user ') && line.includes('not present'))).toBe(false);
  });
});

describe('two runs with the same arguments', () => {
  it.each(['two-harts'])('%s: the same trace file', (name) => {
    const [a, b] = ['a', 'b'].map((run) => {
      const path = join(folder, `${name}-${run}`);
      faultline(['guests', '--trace-out', path, name], 'some input\n');
      return readFileSync(path);
    });
    expect(a.equals(b)).toBe(true);
    expect(a.toString().split('\n').length).toBeGreaterThan(10);
  });

  it.each([
    ['fork-cow', 200],
    ['two-harts', 3000],
    ['stack-write', 50_851],
  ])('%s saved at %i and restored in a fresh process writes the same rest', (name, at) => {
    const [whole, saved, rest, snapshot] = ['whole', 'saved', 'rest', 'snapshot'].map((kind) =>
      join(folder, `${name}-${kind}`),
    );
    const first = faultline(['guests', '--trace-out', whole, name]);
    faultline(['guests', '--trace-out', saved, '--save-at', String(at), '--save', snapshot, name]);
    const again = faultline(['restore', '--trace-out', rest, snapshot]);
    expect(again.status).toBe(first.status);
    expect(first.out.endsWith(again.out)).toBe(true);
    const lines = readFileSync(whole, 'utf8').split('\n');
    expect(readFileSync(saved, 'utf8').split('\n'), 'saving changes nothing').toEqual(lines);
    const [header, ...tail] = readFileSync(rest, 'utf8').split('\n');
    expect(header).toBe(lines[0]);
    expect(tail.length).toBeGreaterThan(1);
    expect(tail).toEqual(lines.slice(-tail.length));
  });
});

describe('faultline tour', () => {
  it('visits every stop, shows the trap it promised, and stays within 120 columns', () => {
    const { status, out, err } = faultline(['tour']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.match(/^\d {2}\S.*$/gm)).toHaveLength(8);
    // Two of the stops are told in full on every target, the others elsewhere in a line each.
    const others = TARGET_NAMES.length - 1;
    expect(out.match(/^ {3}trap \d+ · hart/gm)).toHaveLength(8 + 2 * others);
    expect(out.match(/^ {3}The same trap on /gm) ?? []).toHaveLength(6 * others);
    for (const target of TARGET_NAMES) expect(out.match(new RegExp(`guests --target ${target} `, 'g'))).toHaveLength(8);
    expect(out).not.toContain('was not seen');
    expect(out).not.toContain('\u001b');
    for (const line of out.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(120);
  });
});
