import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TARGETS } from '../../machine/index.ts';
import type { Streams } from '../../tools/host.ts';
import { KernelGuest } from '../../tools/kernel-guest.ts';
import { readGuestOptions } from '../../tools/run-options.ts';
import { noticeLine } from '../../tools/trace/json.ts';
import { fullNotice, lineNotice, type NoticeView, noticeWords } from '../../tools/trace/notice.ts';
import { PLAIN } from '../../tools/trace/paint.ts';
import { guest } from './cli.ts';

const NOTICE: NoticeView = {
  kind: 'stale translation',
  difference: 'gone',
  hart: 1,
  instruction: 18402,
  pc: 0x10a3cn,
  access: { kind: 'store', size: 8, atomicity: 'plain', privilege: 'user', address: 0x42008n },
  held: {
    vpn: 0x42n,
    pages: 1n,
    ppn: 0x80533n,
    asid: 2,
    global: false,
    entryAddress: 0x80422210n,
    bits: 0x2014ccd7n,
  },
  now: {
    mode: 'Sv39',
    root: 0x80420000n,
    asid: 2,
    steps: [{ level: 0, index: 0x42, entryAddress: 0x80422210n, entry: 0n, decision: 'not valid' }],
    result: { fault: 'not valid' },
  },
};

const REMADE: NoticeView = {
  ...NOTICE,
  kind: 'break-before-make',
  difference: 'output address',
  held: { ...NOTICE.held, pages: 512n, global: true },
  now: {
    ...NOTICE.now,
    result: {
      vpn: 0x42n,
      ppn: 0x80600n,
      pages: 1n,
      global: false,
      bits: 0n,
      entryAddress: 0n,
      update: undefined,
    },
  },
};

describe('a notice of --strict-tlb', () => {
  it.each([
    [NOTICE, 'stale translation: store 8 @42008 by 42000 → 80533000, ASID 2; the tables say not valid'],
    [REMADE, 'break-before-make: store 8 @42008 by 42000 → 80533000, 512 pages, global; the tables say 80600000'],
    [
      { ...REMADE, invalidation: true as const },
      'break-before-make: invalidation of 42000 → 80533000, 512 pages, global; the tables say 80600000',
    ],
    [
      { ...REMADE, difference: 'rights' as const },
      'break-before-make: store 8 @42008 by 42000 → 80533000, 512 pages, global; the tables say rights changed',
    ],
  ])('is a phrase: %#', (notice, expected) => {
    expect(noticeWords(notice)).toBe(expected);
  });

  it('is a line between those of traps, in their columns', () => {
    expect(lineNotice(NOTICE, PLAIN)).toBe(`   18402 -- h1 user   10a3c              ${noticeWords(NOTICE)}`);
  });

  it('is a story', () => {
    expect(`\n${fullNotice(NOTICE, PLAIN).join('\n')}`).toBe(`
notice · hart 1 · instruction 18402
  what    stale translation: gone
  at      10a3c  user
  access  store, 8 bytes at 42008
  held    42000 → 80533000, ASID 2, from entry 80422210 = 2014ccd7
  tables  Sv39, root 80420000: not valid
          level 0  entry 42 at 80422210 = 0  not valid
`);
  });

  it('is a line of the trace file', () => {
    const { notice } = JSON.parse(noticeLine(NOTICE));
    expect(notice).toMatchObject({ kind: 'stale translation', pc: '0x10a3c', held: { ppn: '0x80533' } });
    expect(notice.now.steps).toHaveLength(1);
    expect(noticeLine(NOTICE)).not.toContain('\n');
  });
});

describe('a run with --strict-tlb', () => {
  it.each(TARGETS.map((isa) => [isa.name, isa] as const))('%s: a leaf entry cleared and not invalidated', (_, isa) => {
    const notices: NoticeView[] = [];
    const streams: Streams = { output: () => {}, read: () => 'end', asked: false, interactive: true };
    const trace = { active: false, record: () => {}, notice: (notice: NoticeView) => void notices.push(notice) };
    const options = { ...readGuestOptions({}), strictTlb: true };
    const file = new Uint8Array(readFileSync(guest('bench-crc', isa.name)));
    const running = KernelGuest.start(file, ['bench-crc', '1'], isa, options, streams, trace);
    running.run(100_000);
    const { machine } = running.kernel;
    const [hart] = machine.harts;
    const access = { kind: 'fetch', size: 1, atomicity: 'plain', privilege: 'user' } as const;
    const { result } = isa.mmu.walk(hart, hart.pc, access);
    if ('fault' in result) throw new Error(result.fault);
    machine.bus.write(result.entryAddress, 8, 0n);
    expect(notices).toEqual([]);
    running.run(100_000);
    expect(notices[0]).toMatchObject({ kind: 'stale translation', difference: 'gone', hart: 0 });
    expect(noticeWords(notices[0])).toMatch(/^stale translation: /);
  });
});
