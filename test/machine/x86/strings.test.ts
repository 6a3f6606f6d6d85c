// String instructions under REP (SDM vol. 2B, REP; vol. 1, 7.3.9; vol. 3B, 18.3.1.1): what a fault, an interrupt or a step
// between two iterations leaves, and that the instruction goes on from there. Of a page fault in REP CMPS and SCAS AMD's
// processors and QEMU leave the flags of the last comparison; the manual has them restored.
import { describe, expect, it } from 'vitest';
import { AT, Rig } from './rig.ts';
import {
  COMPARES,
  encode,
  type Memory,
  type Operation,
  type Prefix,
  runString,
  type State,
  type StringInstruction,
  usesDestination,
  usesSource,
} from './string-oracle.ts';

/** Two pages each of source and destination, and patterns there. */
const SOURCE = 0x4_0000n;
const DESTINATION = 0x5_0000n;
const PAGE = 0x1000n;
const BOTH = [SOURCE, SOURCE + PAGE, DESTINATION, DESTINATION + PAGE];
const PRESENT = 3n;
const [CF, ZF, TF, IF, DF, RF] = [1n, 0x40n, 0x100n, 0x200n, 0x400n, 1n << 16n];
const STATUS = 0xcd5n;
/** All that a comparison writes, so that what stays is seen. */
const STALE = 0x891n;
const HANDLER_14 = AT.handlers + 16n * 14n;
/** ADD RSP, 8 and IRETQ: what a handler does that has mended all. */
const RETURN = '4883c40848cf';
/** A port at which nothing answers. */
const PORT = 0x1000n;

const ALL: readonly Operation[] = ['movs', 'stos', 'lods', 'cmps', 'scas', 'ins', 'outs'];
const sizesOf = (operation: Operation): readonly number[] =>
  operation === 'ins' || operation === 'outs' ? [1, 2, 4] : [1, 2, 4, 8];
const prefixesOf = (operation: Operation): readonly Prefix[] =>
  COMPARES.includes(operation) ? ['rep', 'repne'] : ['rep'];

const ALIKE = 0x88n;
const ALIKE_8 = 0x8888_8888_8888_8888n;

function put(rig: Rig, at: bigint, code: string): void {
  for (const [i, byte] of Buffer.from(code, 'hex').entries()) rig.write(at + BigInt(i), 1, BigInt(byte));
}

/** With memory of a pattern, in which no element of one side is in the other; `alike`: all bytes are the same. */
function makeRig(alike: boolean): Rig {
  const rig = new Rig();
  for (let i = 0n; i < 2n * PAGE; i++) {
    const byte = (i * 37n + (i >> 8n)) & 0x7fn;
    rig.write(SOURCE + i, 1, alike ? ALIKE : byte | 0x80n);
    rig.write(DESTINATION + i, 1, alike ? ALIKE : byte);
  }
  put(rig, HANDLER_14, RETURN);
  return rig;
}

const load = (rig: Rig, state: State): void => {
  const { flags, ...general } = state;
  rig.set({ ...general, rdx: PORT });
  for (const [name, bit] of [
    ['cf', 0n],
    ['af', 4n],
    ['zf', 6n],
    ['sf', 7n],
    ['df', 10n],
    ['of', 11n],
  ] as const) {
    rig.set({ [name]: (flags >> bit) & 1n });
  }
  // The slot of PF has a byte of that parity.
  rig.set({ pf: (flags & 4n) !== 0n ? 0n : 1n });
};

/** What the oracle sees: a copy of memory, and which pages are there. */
function memoryOf(rig: Rig, absent: ReadonlySet<bigint>): Memory & { readonly bytes: Map<bigint, bigint> } {
  const bytes = new Map<bigint, bigint>();
  return {
    bytes,
    isPresent: (page) => !absent.has(page << 12n),
    read: (address) => bytes.get(address) ?? rig.read(address, 1),
    write: (address, byte) => void bytes.set(address, byte),
  };
}

const general = (rig: Rig) => ['rax', 'rcx', 'rsi', 'rdi'].map((name) => rig.get(name).toString(16)).join(' ');
const generalOf = ({ rax, rcx, rsi, rdi }: State) => [rax, rcx, rsi, rdi].map((value) => value.toString(16)).join(' ');
/** RFLAGS without bit 1, by way of what PUSHF would store. */
function statusOf(rig: Rig): bigint {
  const bit = (name: string, at: bigint) => rig.get(name) << at;
  const pf = [...rig.get('pf').toString(2)].filter((digit) => digit === '1').length % 2 === 0 ? 4n : 0n;
  return bit('cf', 0n) | pf | bit('af', 4n) | bit('zf', 6n) | bit('sf', 7n) | bit('df', 10n) | bit('of', 11n);
}

const differing = (rig: Rig, bytes: ReadonlyMap<bigint, bigint>) =>
  [...bytes].filter(([address, byte]) => rig.read(address, 1) !== byte).map(([address]) => address.toString(16));

interface FaultCase {
  readonly one: StringInstruction;
  readonly down: boolean;
  readonly side: 'source' | 'destination';
  /** Elements before the page's boundary, and bytes of the one across it on the side that is met first. */
  readonly before: number;
  readonly across: number;
}

function* faultCases(): Generator<FaultCase> {
  for (const operation of ALL) {
    for (const size of sizesOf(operation)) {
      for (const prefix of prefixesOf(operation)) {
        for (const addressSize of [8, 4] as const) {
          for (const down of [false, true]) {
            for (const side of ['source', 'destination'] as const) {
              if (side === 'source' ? !usesSource(operation) : !usesDestination(operation)) continue;
              for (const before of [0, 1, 5]) {
                for (const across of new Set([0, 1, size - 1])) {
                  if (across < size)
                    yield { one: { operation, size, prefix, addressSize }, down, side, before, across };
                }
              }
            }
          }
        }
      }
    }
  }
}

const nameOf = ({ one, down, side, before, across }: FaultCase) =>
  `${one.prefix} ${one.operation} of ${one.size}${one.addressSize === 4 ? ', 67H' : ''}${down ? ', DF' : ''}: ${side}, ${before} elements before, ${across} bytes of the next`;

/** Where both sides begin, so that one comes to its boundary after so many elements and bytes. */
function begin({ one, down, side, before, across }: FaultCase): State {
  const { size } = one;
  const distance = BigInt(before * size + across);
  const place = (base: bigint) => (down ? base + PAGE + distance - BigInt(size) : base + PAGE - distance);
  const away = (base: bigint) => base + (down ? 0x1800n : 0x800n);
  return {
    // What SCAS looks for is in every element or in none.
    rax: ALIKE_8,
    rcx: 12n,
    rsi: side === 'source' ? place(SOURCE) : away(SOURCE),
    rdi: side === 'destination' ? place(DESTINATION) : away(DESTINATION),
    flags: STALE | (down ? DF : 0n),
  };
}

describe('a page fault at iteration k', () => {
  const cases = [...faultCases()];

  it('cases of every instruction, size, prefix, direction, side and place', () => {
    expect(cases.length).toBeGreaterThan(800);
  });

  const byOperation = ALL.map(
    (operation) => [operation, cases.filter(({ one }) => one.operation === operation)] as const,
  );
  it.each(byOperation)(
    '%s: registers, flags, address and error code then; it goes on after IRET',
    (operation, some) => {
      let faults = 0;
      const wrong: string[] = [];
      const rigs = new Map([true, false].map((alike) => [alike, makeRig(alike)] as const));
      for (const c of some) {
        const { one, down, side } = c;
        const rig = rigs.get(COMPARES.includes(operation) && one.prefix === 'rep') as Rig;
        const start = begin(c);
        const base = side === 'source' ? SOURCE : DESTINATION;
        const hole = down ? base : base + PAGE;
        const code = encode(one);
        for (const page of BOTH) rig.map(page, page | PRESENT);
        rig.map(hole, 0n);
        rig.set({ rip: AT.code, rsp: AT.stack, flags: 0n, cr2: 0n });
        load(rig, start);
        const memory = memoryOf(rig, new Set([hole]));
        const want = runString(one, start, memory);
        if (!want.fault) {
          wrong.push(`${nameOf(c)}: no fault is met`);
          continue;
        }
        faults++;
        rig.run(code, want.iterations + 1);
        const frame = [
          rig.taken,
          rig.get('cr2').toString(16),
          rig.word(1).toString(16),
          (rig.word(3) & ~2n).toString(16),
        ];
        const error = want.fault.write ? '#14(2)' : '#14(0)';
        const flags = (RF | want.state.flags).toString(16);
        const expected = [error, want.fault.address.toString(16), AT.code.toString(16), flags];
        const got = [...frame, general(rig), ...differing(rig, memory.bytes)].join(' | ');
        const good = [...expected, generalOf(want.state)].join(' | ');
        if (got !== good) {
          wrong.push(`${nameOf(c)}:\n  ${got}\n  ${good}`);
          continue;
        }
        // The page comes, and the handler returns.
        rig.map(hole, hole | PRESENT);
        const rest = runString(one, want.state, { ...memory, isPresent: () => true });
        rig.machine.run(2 + rest.iterations);
        const end = [
          rig.get('rip').toString(16),
          general(rig),
          statusOf(rig).toString(16),
          ...differing(rig, memory.bytes),
        ];
        const goodEnd = [
          (AT.code + BigInt(code.length / 2)).toString(16),
          generalOf(rest.state),
          rest.state.flags.toString(16),
        ];
        if (end.join(' | ') !== goodEnd.join(' | '))
          wrong.push(`${nameOf(c)}, again:\n  ${end.join(' | ')}\n  ${goodEnd.join(' | ')}`);
      }
      expect(wrong.slice(0, 5), `${wrong.length} of ${some.length}`).toEqual([]);
      expect(faults).toBe(some.length);
    },
  );

  it('OUTS whose source faults has written to no port; nor has INS read one', () => {
    const rig = makeRig(false);
    rig.map(SOURCE, 0n);
    rig.set({ rsi: SOURCE, rdx: 0xf4n, rcx: 1n });
    expect([rig.run('f36e').taken, rig.finish]).toEqual(['#14(0)', undefined]);
  });

  it('both sides absent: MOVS loads before it stores, so the source is told of', () => {
    const rig = makeRig(false);
    for (const page of BOTH) rig.map(page, 0n);
    rig.set({ rsi: SOURCE, rdi: DESTINATION, rcx: 1n });
    expect([rig.run('f3a4').taken, rig.get('cr2')]).toEqual(['#14(0)', SOURCE]);
  });

  it('a second fault in the same instruction: flags as before it was begun again', () => {
    const rig = makeRig(true);
    rig.map(SOURCE + PAGE, 0n);
    rig.map(DESTINATION + PAGE, 0n);
    load(rig, { rax: 0n, rcx: 9n, rsi: SOURCE + 0xffdn, rdi: DESTINATION + 0xffcn, flags: STALE });
    rig.run('f3a6', 4);
    const told = () => [rig.taken, rig.get('rcx'), rig.get('cr2'), rig.word(3) & STATUS];
    expect(told()).toEqual(['#14(0)', 6n, SOURCE + PAGE, STALE]);
    rig.map(SOURCE + PAGE, (SOURCE + PAGE) | PRESENT);
    rig.machine.run(2 + 2);
    expect(told()).toEqual(['#14(0)', 5n, DESTINATION + PAGE, STALE]);
  });

  it.each([
    ['REPNE CMPS that ended: of the next fault its flags are the last comparison’s', 'f2a6 f3a4'],
    ['REPE SCAS that ended', 'f3ae f3a4'],
  ])('%s', (_, code) => {
    const rig = makeRig(true);
    rig.map(SOURCE + PAGE, 0n);
    const rest = code.startsWith('f3') ? 0n : ALIKE_8;
    load(rig, { rax: rest, rcx: 9n, rsi: SOURCE + PAGE, rdi: DESTINATION, flags: STALE });
    if (code.startsWith('f2')) rig.set({ rsi: SOURCE + 0xfffn });
    rig.run(code, 2);
    expect([rig.taken, rig.word(1), rig.word(3) & STATUS]).toEqual([
      '#14(0)',
      AT.code + 2n,
      code.startsWith('f3') ? flagsOf(0n - 0x88n) : flagsOf(0n),
    ]);
  });
});

/** ZF, SF, CF, PF and AF of a difference of bytes below 100H. */
function flagsOf(difference: bigint): bigint {
  if (difference === 0n) return ZF | 4n;
  // 0 − 88H = 78H with borrows.
  return CF | 0x10n | 4n;
}

/** The local APIC's timer interrupts after so many ticks of ten instructions. */
function startTimer(rig: Rig, ticks: bigint): void {
  const apic = (offset: bigint, value: bigint) => rig.write(0xfee0_0000n + offset, 4, value);
  apic(0xf0n, 0x1ffn);
  apic(0x3e0n, 0xbn);
  apic(0x320n, 0x40n);
  apic(0x380n, ticks);
}

describe('an interrupt', () => {
  it.each([
    ['rep movsb', 'f3a4'],
    ['repe cmpsb', 'f3a6'],
    ['rep stosq', 'f348ab'],
    ['repne scasb', 'f2ae'],
  ])(
    'by the local APIC’s timer within %s: RIP at it, RF set, and it goes on after IRET (vol. 3B, 18.3.1.1)',
    (_, code) => {
      const timed = (on: boolean) => {
        const rig = makeRig(code !== 'f2ae');
        load(rig, { rax: ALIKE_8, rcx: 40n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
        rig.set({ flags: IF });
        if (on) startTimer(rig, 2n);
        return rig.run(code, 0);
      };
      const rig = timed(true);
      let steps = 0;
      while (rig.vector < 0 && steps++ < 60) rig.machine.run(1);
      const rcx = rig.get('rcx');
      expect(rcx > 0n && rcx < 40n).toBe(true);
      const frame = rig.get('rsp');
      expect([frame, rig.get('rip')]).toEqual([AT.stack - 40n, AT.handlers + 16n * 0x40n]);
      expect([rig.word(0), rig.word(2) & (RF | IF)]).toEqual([AT.code, RF | IF]);
      put(rig, AT.handlers + 16n * 0x40n, '48cf');
      rig.machine.run(1 + Number(rcx));
      const without = timed(false);
      without.machine.run(40);
      const end = (one: Rig) => [general(one), one.get('rip'), statusOf(one)];
      expect(end(rig)).toEqual(end(without));
      expect(rig.get('rcx')).toBe(0n);
    },
  );

  it('after the last iteration: behind the instruction, RF as it was', () => {
    const rig = makeRig(true);
    load(rig, { rax: 0n, rcx: 2n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
    rig.run('f3a4', 2);
    rig.set({ flags: IF });
    rig.write(0xfee0_00f0n, 4, 0x1ffn);
    rig.write(0xfee0_0300n, 4, 0x4_0040n);
    rig.machine.run(1);
    expect([rig.word(0), rig.word(2) & RF]).toEqual([AT.code + 2n, 0n]);
  });
});

describe('single step (vol. 3B, 18.3.1.4; vol. 2B, REP)', () => {
  it.each([
    ['rep movsb', 'f3a4', 3],
    ['repne scasw', 'f266af', 3],
    ['lodsb alone', 'ac', 1],
  ])('TF: a trap after each iteration of %s', (_, code, iterations) => {
    const rig = makeRig(false);
    load(rig, { rax: ALIKE_8, rcx: 3n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
    rig.set({ flags: TF });
    rig.run(code, 0);
    const traps: [bigint, bigint, bigint][] = [];
    for (let i = 0; i < iterations; i++) {
      // The iteration, and what the handler begins with, which is then IRETQ.
      put(rig, AT.handlers + 16n, 'ebfe');
      rig.machine.run(2);
      expect(rig.taken).toBe('#1');
      traps.push([rig.word(0), rig.get('rcx'), rig.word(2) & RF]);
      put(rig, AT.handlers + 16n, '48cf');
      rig.machine.run(1);
    }
    const behind = AT.code + BigInt(code.length / 2);
    const want = Array.from({ length: iterations }, (_, k) => {
      const last = k === iterations - 1;
      return [last ? behind : AT.code, iterations === 1 ? 3n : BigInt(2 - k), last ? 0n : RF];
    });
    expect(traps).toEqual(want);
  });

  it('with a count of 0 there is one trap, behind it', () => {
    const rig = makeRig(false);
    load(rig, { rax: 0n, rcx: 0n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
    rig.set({ flags: TF });
    rig.run('f3a4', 2);
    expect([rig.taken, rig.word(0)]).toEqual(['#1', AT.code + 2n]);
  });

  it('a data breakpoint in an iteration: RF, and the rest after it', () => {
    const rig = makeRig(false);
    load(rig, { rax: 0n, rcx: 5n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
    rig.set({ dr0: DESTINATION + 1n, dr7: 0x1_0401n });
    rig.run('f3a4', 3);
    expect([rig.taken, rig.word(0), rig.get('rcx'), rig.word(2) & RF]).toEqual(['#1', AT.code, 3n, RF]);
  });
});

describe('a count of 0', () => {
  it.each(
    ALL.flatMap((operation) =>
      prefixesOf(operation).flatMap((prefix) => ([8, 4] as const).map((size) => [operation, prefix, size] as const)),
    ),
  )(
    '%s under %s with an address size of %i: no access, no flag, no port, no register',
    (operation, prefix, addressSize) => {
      const rig = makeRig(true);
      const upper = addressSize === 4 ? 0xaaaa_bbbb_0000_0000n : 0n;
      const state = { rax: 1n, rcx: upper, rsi: upper | 0xf_f000_0000n, rdi: upper | 0xf_e000_0000n, flags: STALE };
      load(rig, state);
      rig.set({ cpl: operation === 'ins' ? 3n : 0n });
      rig.run(encode({ operation, size: 4, prefix, addressSize }));
      expect([rig.taken, general(rig), statusOf(rig)]).toEqual(['no', generalOf(state), STALE]);
    },
  );
});

describe('address sizes', () => {
  /** Pages at the ends of what 32 and 64 bits reach lead to these frames. */
  const FRAMES = { last: 0x4_0000n, first: 0x5_0000n };
  /** The page below 4 GiB, by tables of its own; page 0 and the pages around are as they are. */
  function wrapRig(page: bigint): Rig {
    const rig = new Rig();
    const tables = [0x6_0000n, 0x6_1000n, 0x6_2000n];
    let at: bigint = AT.tables;
    for (let level = 3n; level > 0n; level--) {
      const entry = at + 8n * ((page >> (12n + 9n * level)) & 0x1ffn);
      if ((rig.read(entry, 8) & 1n) === 0n) rig.write(entry, 8, (tables.shift() as bigint) | 7n);
      at = rig.read(entry, 8) & ~0xfffn;
    }
    rig.write(at + 8n * ((page >> 12n) & 0x1ffn), 8, FRAMES.last | 3n);
    rig.map(0n, FRAMES.first | PRESENT);
    for (let i = 0n; i < PAGE; i++) {
      rig.write(FRAMES.last + i, 1, 0x11n);
      rig.write(FRAMES.first + i, 1, 0x22n);
    }
    return rig;
  }
  const UPPER = 0xdead_beef_0000_0000n;

  it.each<[string, string, bigint, bigint, Partial<State>, Partial<State>]>([
    [
      '67H: RDI goes from 2^32 to 0, its upper half and RCX’s are cleared',
      'f367aa',
      0xffff_f000n,
      UPPER | 0xffff_fffen,
      { rcx: UPPER | 4n },
      { rcx: 0n, rdi: 2n },
    ],
    [
      '67H, DF: from 0 to 2^32',
      'f367aa',
      0xffff_f000n,
      UPPER | 1n,
      { rcx: UPPER | 4n, flags: DF },
      { rcx: 0n, rdi: 0xffff_fffdn },
    ],
    [
      '64 bits: from 2^64 to 0',
      'f3aa',
      0xffff_ffff_ffff_f000n,
      0xffff_ffff_ffff_fffen,
      { rcx: 4n },
      { rcx: 0n, rdi: 2n },
    ],
    [
      '64 bits, DF: from 0 to 2^64',
      'f3aa',
      0xffff_ffff_ffff_f000n,
      1n,
      { rcx: 4n, flags: DF },
      { rcx: 0n, rdi: 0xffff_ffff_ffff_fffdn },
    ],
    [
      '64 bits: an element across 2^64',
      '48ab',
      0xffff_ffff_ffff_f000n,
      0xffff_ffff_ffff_fffcn,
      { rcx: 4n },
      { rcx: 4n, rdi: 4n },
    ],
    [
      '67H alone: RDI is cut, RCX is not touched',
      '67aa',
      0xffff_f000n,
      UPPER | 0xffff_ffffn,
      { rcx: UPPER | 4n },
      { rcx: UPPER | 4n, rdi: 0n },
    ],
  ])('%s', (_, code, page, rdi, more, want) => {
    const rig = wrapRig(page);
    load(rig, { rax: 0x3333_3333_3333_3333n, rcx: 0n, rsi: 0n, rdi, flags: 0n, ...more });
    rig.run(code, code.startsWith('f3') ? 4 : 1);
    expect([rig.taken, rig.get('rip')]).toEqual(['no', AT.code + BigInt(code.length / 2)]);
    expect({ rcx: rig.get('rcx'), rdi: rig.get('rdi') }).toEqual(want);
    // Stored to both ends, and nowhere else there.
    const stored = (frame: bigint) =>
      Array.from({ length: 4096 }, (_, i) => BigInt(i))
        .filter((i) => rig.read(frame + i, 1) === 0x33n)
        .map(Number);
    const both = { last: stored(FRAMES.last), first: stored(FRAMES.first) };
    const expected =
      code === '48ab'
        ? { last: [4092, 4093, 4094, 4095], first: [0, 1, 2, 3] }
        : code === '67aa'
          ? { last: [4095], first: [] }
          : { last: [4094, 4095], first: [0, 1] };
    expect(both).toEqual(expected);
  });

  it('67H: an element across 2^32 is stored behind it, as one linear address', () => {
    const rig = wrapRig(0xffff_f000n);
    load(rig, { rax: ALIKE_8, rcx: 1n, rsi: 0n, rdi: 0xffff_fffcn, flags: 0n });
    rig.run('6748ab');
    // In 64-bit mode only the offset is cut to 32 bits, so the second part lies at 4 GiB, where nothing is.
    expect([rig.taken, rig.get('cr2')]).toEqual(['#14(2)', 0x1_0000_0000n]);
  });

  it('67H: a count of 2^32 above the lower half is none', () => {
    const rig = makeRig(false);
    load(rig, { rax: 0n, rcx: 1n << 32n, rsi: 0n, rdi: DESTINATION, flags: 0n });
    rig.run('f367aa');
    expect([rig.get('rip'), rig.get('rcx'), rig.get('rdi')]).toEqual([AT.code + 3n, 1n << 32n, DESTINATION]);
  });
});

describe('overlapping source and destination', () => {
  const bytes = (rig: Rig, at: bigint, count: number) =>
    Array.from({ length: count }, (_, i) => Number(rig.read(at + BigInt(i), 1)));
  it.each([
    ['MOVSB one byte up repeats the first', 'f3a4', 0n, 1n, 0n, 7, [0, 0, 0, 0, 0, 0, 0, 0, 8, 9]],
    ['MOVSB one byte down moves', 'f3a4', 1n, 0n, 0n, 7, [1, 2, 3, 4, 5, 6, 7, 7, 8, 9]],
    ['DF: MOVSB one byte up moves', 'f3a4', 6n, 7n, DF, 7, [0, 0, 1, 2, 3, 4, 5, 6, 8, 9]],
    [
      'MOVSD one byte up: each element is read when its turn comes',
      'f3a5',
      0n,
      1n,
      0n,
      2,
      [0, 0, 1, 2, 3, 3, 5, 6, 7, 9],
    ],
    ['MOVSW three bytes up', 'f366a5', 0n, 3n, 0n, 3, [0, 1, 2, 0, 1, 2, 0, 1, 2, 9]],
  ] as const)('%s', (_, code, from, to, flags, count, want) => {
    const rig = makeRig(true);
    for (let i = 0n; i < 10n; i++) rig.write(SOURCE + i, 1, i);
    load(rig, { rax: 0n, rcx: BigInt(count), rsi: SOURCE + from, rdi: SOURCE + to, flags });
    rig.run(code, count);
    expect([rig.get('rcx'), bytes(rig, SOURCE, 10)]).toEqual([0n, want]);
  });
});

describe('comparisons stopped by ZF (vol. 2B, REP, table 4-17)', () => {
  it.each<[string, string, number[], number[], number, bigint, bigint]>([
    ['REPE CMPSB up to a difference', 'f3a6', [1, 2, 3, 9], [1, 2, 4, 9], 9, 6n, 0x95n],
    ['REPNE CMPSB up to an equal', 'f2a6', [1, 2, 3, 9], [2, 3, 3, 9], 9, 6n, 0x44n],
    ['REPE CMPSB through all', 'f3a6', [1, 2, 3], [1, 2, 3], 3, 0n, 0x44n],
    ['REPNE CMPSB through all', 'f2a6', [3, 2, 1], [2, 1, 0x81], 3, 0n, 0x881n],
    ['REPE CMPSB: the last differs', 'f3a6', [1, 1, 1], [1, 1, 2], 3, 0n, 0x95n],
  ])('%s', (_, code, source, destination, count, rcx, flags) => {
    const rig = makeRig(false);
    put(rig, SOURCE, Buffer.from(source).toString('hex'));
    put(rig, DESTINATION, Buffer.from(destination).toString('hex'));
    load(rig, { rax: 0n, rcx: BigInt(count), rsi: SOURCE, rdi: DESTINATION, flags: STALE });
    const done = count - Number(rcx);
    rig.run(code, done);
    const end = [rig.get('rip'), rig.get('rcx'), rig.get('rsi'), rig.get('rdi'), statusOf(rig)];
    expect(end).toEqual([AT.code + 2n, rcx, SOURCE + BigInt(done), DESTINATION + BigInt(done), flags]);
  });
});

describe('stores to code in the page that executes (vol. 3A, 8.1.3)', () => {
  it('REP STOSB over the instructions behind it: they are what was stored', () => {
    const rig = makeRig(true);
    // Behind it INC EAX, whose bytes have been executed before.
    rig.run('f3aa ffc0 ffc0 ffc0', 0);
    load(rig, { rax: 0x90n, rcx: 0n, rsi: 0n, rdi: 0n, flags: 0n });
    rig.machine.run(4);
    expect(rig.get('rax')).toBe(0x93n);
    rig.set({ rip: AT.code });
    load(rig, { rax: 0x90n, rcx: 6n, rsi: 0n, rdi: AT.code + 2n, flags: 0n });
    rig.machine.run(6 + 6);
    expect([rig.get('rip'), rig.get('rax')]).toEqual([AT.code + 8n, 0x90n]);
  });

  it('MOVSB that turns the instruction behind it into another, through another address of its page', () => {
    const rig = makeRig(true);
    rig.map(0xb000n, AT.code | PRESENT);
    rig.run('a4 ffc0', 0);
    rig.write(SOURCE, 1, 0xfen);
    load(rig, { rax: 0xffn, rcx: 0n, rsi: SOURCE, rdi: DESTINATION, flags: 0n });
    rig.machine.run(2);
    expect(rig.get('rax')).toBe(0x100n);
    rig.set({ rip: AT.code });
    load(rig, { rax: 0xffn, rcx: 0n, rsi: SOURCE, rdi: 0xb001n, flags: 0n });
    rig.machine.run(2);
    // INC AL.
    expect(rig.get('rax')).toBe(0n);
  });
});
