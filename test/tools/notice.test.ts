import { describe, expect, it } from 'vitest';
import { noticeLine } from '../../tools/trace/json.ts';
import { fullNotice, lineNotice, type NoticeView, noticeWords } from '../../tools/trace/notice.ts';
import { PLAIN } from '../../tools/trace/paint.ts';

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
