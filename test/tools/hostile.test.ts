import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElfError, type Isa, TARGETS } from '../../machine/index.ts';
import { BareGuest } from '../../tools/bare-guest.ts';
import { UserError } from '../../tools/errors.ts';
import type { Guest } from '../../tools/guest.ts';
import type { Streams } from '../../tools/host.ts';
import { KernelGuest } from '../../tools/kernel-guest.ts';
import { readGuestOptions } from '../../tools/run-options.ts';
import { fullView } from '../../tools/trace/full.ts';
import { traceLine } from '../../tools/trace/json.ts';
import { lineView } from '../../tools/trace/line.ts';
import type { TrapView } from '../../tools/trace/view.ts';
import { faultline, guest, scratch } from './cli.ts';

const folder = scratch();
const streams: Streams = { output: () => {}, read: () => 'end', asked: false, interactive: true };

/** Every view of every trap, so that none of them can throw either. */
const trace = {
  active: true,
  record: (flow: TrapView) => {
    lineView(flow);
    fullView(flow);
    traceLine(flow);
  },
};
const options = { ...readGuestOptions({}), memory: 2 << 20 };

/** Loads and runs for a while; what a user would be told is an end like any other. Whether it got to run. */
function survive(make: () => Guest): boolean {
  try {
    make().run(3000);
    return true;
  } catch (error) {
    if (!(error instanceof ElfError || error instanceof UserError)) throw error;
    return false;
  }
}

/** A file with some bytes replaced, mostly in its headers. */
const damaged = (name: string, isa: Isa) => {
  const whole = new Uint8Array(readFileSync(guest(name, isa.name)));
  const at = fc.oneof(fc.nat(0x200), fc.nat(whole.length - 1));
  const value = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  return fc.array(fc.tuple(at, value), { minLength: 1, maxLength: 6 }).map((changes) => {
    const file = whole.slice();
    for (const [offset, byte] of changes) file[offset] = byte;
    return file;
  });
};

describe.each(TARGETS.map((isa) => [isa.name, isa] as const))('no file makes the command throw: %s', (_, isa) => {
  it('a damaged program', () => {
    let ran = 0;
    fc.assert(
      fc.property(damaged('fork-cow', isa), (file) => {
        ran += +survive(() => KernelGuest.start(file, ['x'], isa, options, streams, trace));
      }),
      { numRuns: 150 },
    );
    expect(ran, 'some of them ran').toBeGreaterThan(15);
  });

  it('a damaged bare-metal image', () => {
    let ran = 0;
    fc.assert(
      fc.property(damaged('bare/pages', isa), (file) => {
        ran += +survive(() => new BareGuest(file, isa, { ...options, bare: true }, streams, trace));
      }),
      { numRuns: 150 },
    );
    expect(ran, 'some of them ran').toBeGreaterThan(15);
  });
});

describe('a damaged snapshot is a mistake of the user', () => {
  const path = join(folder, 'snapshot');
  faultline(['guests', '--save-at', '30', '--save', path, 'hello']);
  const content = JSON.parse(gunzipSync(readFileSync(path)).toString());

  it.each([
    ['another format', { ...content, format: 'x' }, /: not a snapshot$/],
    ['another version', { ...content, version: 99 }, /: snapshot of version 99; this program reads version 1$/],
    ['another target', { ...content, target: 'vax' }, /: snapshot of a vax guest, which this program has not$/],
    ['no options', { ...content, options: {} }, /: damaged snapshot: /],
    ['no state', { ...content, state: null }, /: damaged snapshot: /],
    ['no kernel', { ...content, state: { ...content.state, kernel: {} } }, /: damaged snapshot: /],
  ])('%s', (_, changed, expected) => {
    const file = join(folder, 'changed');
    writeFileSync(file, gzipSync(JSON.stringify(changed)));
    const { status, err } = faultline(['restore', file]);
    expect(err).toMatch(/^faultline: [^\n]*\n$/);
    expect(err.trimEnd()).toMatch(expected);
    expect(status).toBe(2);
  });
});
