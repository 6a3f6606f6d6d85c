// What VMSAv8-64 stage 1 says of an access in the EL1&0 regime, written from the tables and AArch64.TranslateAddress of the
// manual (Arm ARM DDI 0487, D8 and J1) over strings of binary digits, most significant first. It shares nothing with
// the machine, so that one mistake is not made twice.

/** The registers and memory behind a translation. */
export interface Regime {
  readonly sctlr: bigint;
  readonly tcr: bigint;
  readonly ttbr0: bigint;
  readonly ttbr1: bigint;
  readonly mair: bigint;
  /** FEAT_HAFDBS is there. */
  readonly hafdbs: boolean;
  /** Eight bytes of memory; undefined: nothing answers. */
  readonly memory: (at: bigint) => bigint | undefined;
}

export interface Doing {
  readonly what: 'execute' | 'read' | 'write' | 'read and write';
  /** PSTATE.EL. */
  readonly el: 0 | 1;
  /** LDTR, STTR. */
  readonly unprivileged?: boolean;
  readonly pan: boolean;
  /** Bytes, for alignment; an access that is part of a misaligned one is misaligned whatever its address. */
  readonly bytes?: number;
  readonly part?: boolean;
  /** Exclusive, atomic, or with acquire or release: aligned always, without FEAT_LSE2. */
  readonly strict?: boolean;
}

/** ESR_EL1's EC and ISS, as far as an abort fills them in. */
export interface Abort {
  readonly ec: number;
  readonly iss: number;
}

/** Where a translation ends: the leaf, its place and level, and the tables passed, or the status code of a fault. */
export type Located =
  | { readonly status: number }
  | {
      readonly leaf: bigint;
      readonly at: bigint;
      readonly level: number;
      readonly tables: readonly bigint[];
      readonly physical: bigint;
      /** Bytes that the descriptor maps, and those of its whole contiguous run. */
      readonly bytes: bigint;
      readonly run: bigint;
    };

export type Answer =
  | Abort
  | { readonly physical: bigint /** The leaf as it must be afterwards. */; readonly leaf: bigint };

/** The 64 digits of a value; those asked for lately are kept, since the tests ask again and again. */
const written = new Map<bigint, string>();
function digits(value: bigint): string {
  let text = written.get(value);
  if (text === undefined) {
    if (written.size > 1000) written.clear();
    text = value.toString(2).padStart(64, '0');
    written.set(value, text);
  }
  return text;
}
const number = (text: string) => (text === '' ? 0n : BigInt(`0b${text}`));
/** Bits high to low of a 64-bit value. */
const bits = (value: bigint, high: number, low: number) => digits(value).slice(63 - high, 64 - low);
const on = (value: bigint, bit: number) => digits(value)[63 - bit] === '1';

/** Tables "TCR_EL1.TG0" and "TG1". */
const TG0: Record<string, Grain> = { '00': '4K', '01': '64K', '10': '16K', '11': '4K' };
const TG1: Record<string, Grain> = { '00': '4K', '01': '16K', '10': '4K', '11': '64K' };
type Grain = '4K' | '16K' | '64K';

/** Which address bits index each level, and which levels may hold blocks (D8.2). */
const LEVELS: Record<Grain, { readonly index: readonly (readonly [number, number])[]; readonly blocks: string }> = {
  '4K': {
    index: [
      [47, 39],
      [38, 30],
      [29, 21],
      [20, 12],
    ],
    blocks: '12',
  },
  '16K': {
    index: [
      [47, 47],
      [46, 36],
      [35, 25],
      [24, 14],
    ],
    blocks: '2',
  },
  '64K': {
    index: [
      [51, 51],
      [47, 42],
      [41, 29],
      [28, 16],
    ],
    blocks: '2',
  },
};

/** The level at which translation starts, by the greatest TxSZ of each. */
const START: Record<Grain, readonly (readonly [number, number])[]> = {
  '4K': [
    [24, 0],
    [33, 1],
    [39, 2],
  ],
  '16K': [
    [16, 0],
    [27, 1],
    [38, 2],
    [39, 3],
  ],
  '64K': [
    [21, 1],
    [34, 2],
    [39, 3],
  ],
};

/** Descriptors in a contiguous run, by the tables of "The Contiguous bit". */
const RUN: Record<Grain, readonly bigint[]> = {
  '4K': [1n, 16n, 16n, 16n],
  '16K': [1n, 1n, 32n, 128n],
  '64K': [1n, 1n, 32n, 32n],
};

const IPS: Record<string, number> = { '000': 32, '001': 36, '010': 40, '011': 42, '100': 44 };
const outputSize = (tcr: bigint) => IPS[bits(tcr, 34, 32)] ?? 48;
const tooWide = (address: bigint, size: number) => bits(address, 63, size).includes('1');

/** Finds the leaf; needs SCTLR_EL1.M. Access flag, memory type and rights are not looked at. */
export function locate(regime: Regime, address: bigint): Located {
  const { tcr } = regime;
  const upper = on(address, 55);
  const t = upper
    ? { size: bits(tcr, 21, 16), grain: TG1[bits(tcr, 31, 30)], off: on(tcr, 23), tbi: on(tcr, 38), base: regime.ttbr1 }
    : { size: bits(tcr, 5, 0), grain: TG0[bits(tcr, 15, 14)], off: on(tcr, 7), tbi: on(tcr, 37), base: regime.ttbr0 };
  const txsz = Number(number(t.size));
  if (txsz > 39 || txsz < 16) return { status: 0b000100 };
  const above = bits(address, t.tbi ? 55 : 63, 64 - txsz);
  if (above.includes(upper ? '0' : '1')) return { status: 0b000100 };
  if (t.off) return { status: 0b000100 };

  const { index, blocks } = LEVELS[t.grain];
  const start = START[t.grain].find(([greatest]) => txsz <= greatest)![1];
  const limit = outputSize(tcr);
  const top = 63 - txsz;
  const firstIndex = top - index[start][1] + 1;
  // "the translation table must be aligned to its size": the bits below are taken as zero.
  const root = number(bits(t.base, 47, 3 + firstIndex) + '0'.repeat(3 + firstIndex));
  if (tooWide(root, limit)) return { status: 0b000000 };

  const tables: bigint[] = [];
  let table = root;
  for (let level = start; ; level++) {
    const [high, low] = index[level];
    const at = table + 8n * number(bits(address, level === start ? top : high, low));
    const descriptor = regime.memory(at);
    if (descriptor === undefined) return { status: 0b010100 + level };
    const type = bits(descriptor, 1, 0);
    const valid = level === 3 ? type === '11' : type === '11' || (type === '01' && blocks.includes(String(level)));
    if (!valid) return { status: 0b000100 + level };
    const page = LEVELS[t.grain].index[3][1];
    const from = type === '11' && level < 3 ? page : low;
    const output = number(bits(descriptor, 47, from) + '0'.repeat(from));
    if (tooWide(output, limit)) return { status: 0b000000 + level };
    if (type === '11' && level < 3) {
      tables.push(descriptor);
      table = output;
      continue;
    }
    const offset = number(bits(address, low - 1, 0));
    const bytes = 1n << BigInt(low);
    const run = on(descriptor, 52) ? bytes * RUN[t.grain][level] : bytes;
    return { leaf: descriptor, at, level, tables, physical: output + offset, bytes, run };
  }
}

/** AP[2:1], with what APTable leaves of it: what EL1 and EL0 may do with data. */
const AP: Record<string, readonly [string, string]> = {
  '00': ['rw', ''],
  '01': ['rw', 'rw'],
  '10': ['r', ''],
  '11': ['r', 'r'],
};

/** What EL1 and EL0 may do with the page: letters of `rwx`. */
function rights(regime: Regime, leaf: bigint, tables: readonly bigint[]): readonly [string, string] {
  const { tcr, sctlr, hafdbs } = regime;
  // "Descriptors marked with DBM set have the effective value of AP[2] cleared", under HA and HD.
  const dirtyState = hafdbs && on(tcr, 39) && on(tcr, 40) && on(leaf, 51);
  let [el1, el0] = AP[(dirtyState ? '0' : bits(leaf, 7, 7)) + bits(leaf, 6, 6)];
  let [never1, never0] = [on(leaf, 53), on(leaf, 54)];
  for (const table of tables) {
    const [readOnly, noUser] = bits(table, 62, 61);
    if (readOnly === '1') [el1, el0] = [el1.replace('w', ''), el0.replace('w', '')];
    if (noUser === '1') el0 = '';
    never0 ||= on(table, 60);
    never1 ||= on(table, 59);
  }
  // "a region that is writable at EL0 is treated as not executable at EL1", whatever WXN.
  if (el0.includes('w')) never1 = true;
  const wxn = on(sctlr, 19);
  if (wxn && el1.includes('w')) never1 = true;
  if (wxn && el0.includes('w')) never0 = true;
  return [el1 + (never1 ? '' : 'x'), el0 + (never0 ? '' : 'x')];
}

/** Judges an access by a leaf, in the order of AArch64.S1Translate: access flag, alignment by memory type, rights. */
export function judge(regime: Regime, doing: Doing, address: bigint, located: Located): Answer {
  const { what, el, unprivileged = false, pan, bytes = 1, part = false, strict = false } = doing;
  const { sctlr, tcr, mair, hafdbs } = regime;
  const executes = what === 'execute';
  const misaligned = !executes && (part || address % BigInt(bytes) !== 0n);
  const abort = (status: number, wnr: boolean): Abort => {
    const lower = el === 0;
    return { ec: executes ? (lower ? 0x20 : 0x21) : lower ? 0x24 : 0x25, iss: status + (wnr ? 64 : 0) };
  };
  // "For a fault on an instruction that both reads and writes, WnR is 0 if a read would have generated the fault".
  const wnr = what === 'write';
  if (misaligned && (on(sctlr, 1) || strict)) return abort(0b100001, wnr);
  if ('status' in located) return abort(located.status, wnr);
  const { leaf, level, tables, physical } = located;
  const hardware = hafdbs && on(tcr, 39);
  if (!on(leaf, 10) && !hardware) return abort(0b001000 + level, wnr);
  const type = Number(number(bits(leaf, 4, 2)));
  if (misaligned && bits(mair, 8 * type + 7, 8 * type + 4) === '0000') return abort(0b100001, wnr);

  const [el1, el0] = rights(regime, leaf, tables);
  const asUser = el === 0 || unprivileged;
  let mine = asUser ? el0 : el1;
  // PAN binds data accesses alone.
  if (!asUser && !executes && pan && /[rw]/.test(el0)) mine = '';
  const letters = { execute: 'x', read: 'r', write: 'w', 'read and write': 'rw' }[what];
  const lacks = [...letters].find((letter) => !mine.includes(letter));
  if (lacks !== undefined) return abort(0b001100 + level, lacks === 'w');

  const after = digits(leaf).split('');
  after[63 - 10] = '1';
  if (letters.includes('w') && hardware && on(tcr, 40) && on(leaf, 51)) after[63 - 7] = '0';
  return { physical, leaf: number(after.join('')) };
}
