import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TARGETS } from '../../machine/index.ts';
import { BareGuest } from '../../tools/bare-guest.ts';
import type { Guest } from '../../tools/guest.ts';
import type { Streams } from '../../tools/host.ts';
import { KernelGuest } from '../../tools/kernel-guest.ts';
import type { GuestOptions } from '../../tools/run-options.ts';
import { saveSnapshot } from '../../tools/snapshot-file.ts';
import { CLI, scratch } from '../tools/cli.ts';
import { type GuestRow, guestFile, guestRows } from './guest.ts';

// Same arguments, same bytes; and a guest saved anywhere and restored in another process goes on as if nothing had been.

const ISA = TARGETS[0];
const folder = scratch();
/** Small work for the benchmarks: what they do is the same every time round. */
const ARGS: Readonly<Record<string, readonly string[]>> = {
  'bench-sieve': ['1'],
  'bench-crc': ['1'],
  'bench-matmul': ['1'],
  'bench-syscall': ['100'],
  'bench-fault': ['100'],
};

const argsOf = (row: GuestRow) => ARGS[row.name] ?? [];

const optionsOf = (row: GuestRow): GuestOptions => ({
  harts: row.options.harts ?? 1,
  memory: 64 << 20,
  environment: [],
  seed: 0,
  mmu: 'sv39',
  ad: 'hardware',
  policy: 'corrected',
  uaccess: 'corrected',
  bare: row.kind === 'bare',
  testHooks: row.options.testHooks ?? false,
});

function commandLine(row: GuestRow, trace: string): string[] {
  const { harts, testHooks, bare } = optionsOf(row);
  const flags = [...(bare ? ['--bare'] : []), ...(testHooks ? ['--test-hooks'] : [])];
  const program = join(import.meta.dirname, '../../guest/bin', ISA.name, row.name);
  return ['run', '--harts', `${harts}`, '--memory', '64M', ...flags, '--trace-out', trace, program, ...argsOf(row)];
}

/** Runs the command in a process of its own, its input a file of that text; yields its exit status. */
function faultline(args: readonly string[], text: string): Promise<number | null> {
  const file = join(folder, 'input');
  writeFileSync(file, text);
  const input = openSync(file, 'r');
  return new Promise((resolve) => {
    const child = spawn('node', [CLI, ...args], {
      stdio: [input, 'ignore', 'ignore'],
      env: { PATH: process.env.PATH },
    });
    child.on('close', (status) => {
      closeSync(input);
      resolve(status);
    });
  });
}

/** The guest's input, all there from the start, and whether it has been taken. */
class Input implements Streams {
  readonly interactive = false;
  readonly asked = false;
  taken = false;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  output(): void {}

  readonly read = (): Uint8Array | 'end' => {
    if (this.taken || this.text === '') return 'end';
    this.taken = true;
    return new Uint8Array(Buffer.from(this.text));
  };
}

const silent = { active: false, record: () => {} };

function start(row: GuestRow, streams: Streams): Guest {
  const file = guestFile(ISA, row.name);
  if (row.kind === 'bare') return new BareGuest(file, ISA, optionsOf(row), streams, silent);
  const program = join(import.meta.dirname, '../../guest/bin', ISA.name, row.name);
  return KernelGuest.start(file, [program, ...argsOf(row)], ISA, optionsOf(row), streams, silent);
}

describe.each(guestRows())('$name', (row) => {
  const stdin = row.options.stdin ?? '';
  const prefix = join(folder, row.name);
  mkdirSync(join(folder, 'bare'), { recursive: true });

  it('writes the same trace twice', async () => {
    const statuses = [
      await faultline(commandLine(row, `${prefix}.1`), stdin),
      await faultline(commandLine(row, `${prefix}.2`), stdin),
    ];
    expect(statuses).toEqual([row.status, row.status]);
    expect(readFileSync(`${prefix}.1`).equals(readFileSync(`${prefix}.2`))).toBe(true);
  });

  it('goes on from ten places in fresh processes', async () => {
    const whole = readFileSync(`${prefix}.1`, 'utf8').trimEnd().split('\n');
    const { instructions } = JSON.parse(whole[whole.length - 1]).end;
    const input = new Input(stdin);
    const guest = start(row, input);
    for (let i = 1; i <= 10; i++) {
      // Not evenly: the places fall into different parts of what the guest does over and over.
      const at = Math.min(instructions - 1, Math.floor((instructions * i) / 11) + i);
      let stop: ReturnType<Guest['run']> = 'running';
      while (guest.instructions < at && typeof stop === 'string') stop = guest.run(at - guest.instructions);
      expect([guest.instructions, stop]).toEqual([at, 'running']);
      saveSnapshot(`${prefix}.snap`, {
        kind: row.kind === 'bare' ? 'bare' : 'kernel',
        target: ISA.name,
        options: optionsOf(row),
        state: guest.save(),
      });
      writeFileSync(`${prefix}.rest`, '');
      const status = await faultline(
        ['restore', '--trace-out', `${prefix}.rest`, `${prefix}.snap`],
        input.taken ? '' : stdin,
      );
      expect(status, `saved at ${at}`).toBe(row.status);
      const rest = readFileSync(`${prefix}.rest`, 'utf8').trimEnd().split('\n');
      const expected = [whole[0], ...whole.slice(whole.length - rest.length + 1)];
      const different = rest.findIndex((line, n) => line !== expected[n]);
      expect(different < 0 ? 'the same' : rest[different], `saved at ${at}`).toBe(
        different < 0 ? 'the same' : expected[different],
      );
      const next = JSON.parse(rest[1]);
      const last = whole[whole.length - rest.length];
      // The rest begins where it should: what came before it had been told before the place.
      if (next.trap !== undefined && whole.length > rest.length) expect(JSON.parse(last).trap).toBeLessThan(next.trap);
    }
  });
});
