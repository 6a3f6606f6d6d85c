// System instructions (SDM vol. 3A, 2.8), and those that load segment registers or leave the code segment.
import type { Builder, I64 } from '../ir/index.ts';
import { fault, VECTOR } from './causes.ts';
import type { Decoded } from './decoded.ts';
import {
  at,
  cut,
  effectiveAddress,
  getR,
  inMemory,
  jumpToRip,
  loadAt,
  modify,
  nextRip,
  numberOf,
  place,
  read,
  setR,
  sizeOf,
  storeAt,
  write,
} from './operand.ts';
import { BASE, CPL, R, RAX, RCX, RDX, SEGMENT, SELECTOR, SLOTS, T, ZF } from './registers.ts';
import { type Row, row } from './row.ts';
import { repeatBegins, repeatEnds } from './x86-string.ts';

/** What a helper that may change anything reads and writes. */
const ANYTHING = { reads: SLOTS.slots, writes: SLOTS.slots };

/** #GP(0) at any CPL but 0. */
const requirePrivilege = (b: Builder): void => b.trapIf(b.get32(CPL), fault(VECTOR.GP), b.i64(0n));

/** What only CPL 0 may do, whatever its operand in memory does. */
const privileged = (lift: (b: Builder, i: Decoded) => void) => (b: Builder, i: Decoded) => {
  requirePrivilege(b);
  lift(b, i);
};

/** Calls a helper without operands. */
const call =
  (helper: string, ...immediates: number[]) =>
  (b: Builder) =>
    b.call(helper, immediates, ANYTHING);

/** Calls a helper that leaves RIP where to go on; it is told where the next instruction is, in T[3]. */
const transfer =
  (helper: string, immediates: (i: Decoded) => readonly number[], operands?: (b: Builder, i: Decoded) => void) =>
  (b: Builder, i: Decoded) => {
    operands?.(b, i);
    b.set(T[3], nextRip(b, i));
    b.call(helper, immediates(i), ANYTHING);
    jumpToRip(b);
  };

const size = (i: Decoded) => [i.operandSize];

/** A selector and an offset in memory, as far pointers have them: to T[0] and T[1]. */
function farPointer(b: Builder, i: Decoded, k: number): void {
  const operand = i.operands[k];
  if (operand.kind === 'far') {
    b.set(T[0], b.i64(BigInt(operand.selector)));
    b.set(T[1], b.i64(operand.offset));
    return;
  }
  if (!i.address) throw new Error('a far pointer lies in memory');
  const { segment } = i.address;
  const offset = effectiveAddress(b, i);
  const value = loadAt(b, at(b, i, segment, offset, i.operandSize, false), i.operandSize);
  const behind = cut(b, i.addressSize, b.add(offset, b.i64(BigInt(i.operandSize))));
  const selector = loadAt(b, at(b, i, segment, behind, 2, false), 2);
  b.set(T[0], selector);
  b.set(T[1], value);
}

/** MOV Sreg, LSS and their like: the selector in T[0] is loaded with its descriptor. */
const loadSegment = (b: Builder, segment: number): void => b.call('loadSegment', [segment], ANYTHING);

/** LES, LDS, LSS, LFS, LGS. */
const loadFar = (segment: number) => (b: Builder, i: Decoded) => {
  farPointer(b, i, 1);
  const offset = b.get(T[1]);
  loadSegment(b, segment);
  setR(b, numberOf(i, 0), i.operandSize, offset);
};

/** LGDT and LIDT: a limit of 2 bytes, and a base of 8, or 4 outside 64-bit mode (3 where operands have 16 bits). */
const loadTable = (helper: string) => (b: Builder, i: Decoded) => {
  requirePrivilege(b);
  const { limit, base } = table(b, i, false);
  b.set(T[0], loadAt(b, limit, 2));
  const value = loadAt(b, base, i.mode === 0 ? 8 : 4);
  b.set(T[1], i.mode !== 0 && i.operandSize === 2 ? b.and(value, b.i64(0xff_ffffn)) : value);
  b.call(helper, [], ANYTHING);
};

const storeTable = (name: 'gdtr' | 'idtr') => (b: Builder, i: Decoded) => {
  const { limit, base } = table(b, i, true);
  storeAt(b, limit, 2, b.extendI32u(b.get32(SLOTS.get(`${name}_limit`))));
  storeAt(b, base, i.mode === 0 ? 8 : 4, b.get(SLOTS.get(`${name}_base`)));
};

/** The two parts of a pseudo-descriptor in memory (SDM vol. 3A, figure 2-6). */
function table(b: Builder, i: Decoded, writes: boolean) {
  if (!i.address) throw new Error('a pseudo-descriptor lies in memory');
  const { segment } = i.address;
  const offset = effectiveAddress(b, i);
  const limit = at(b, i, segment, offset, 2, writes);
  const behind = cut(b, i.addressSize, b.add(offset, b.i64(2n)));
  return { limit, base: at(b, i, segment, behind, i.mode === 0 ? 8 : 4, writes) };
}

/** SLDT, STR, SMSW, MOV from a segment register: memory gets 16 bits, a register its size. */
const storeWord = (value: (b: Builder) => I64) => (b: Builder, i: Decoded) => {
  if (inMemory(i, 0)) storeAt(b, place(b, i, i.operands[0], true), 2, cut(b, 2, value(b)));
  else setR(b, numberOf(i, 0), i.operandSize, value(b));
};

const selector = (segment: number) => (b: Builder) => b.extendI32u(b.get32(SELECTOR[segment]));

/** Calls a helper with operand `k` in T[0]. */
const withOperand =
  (helper: string, k: number, ...immediates: number[]) =>
  (b: Builder, i: Decoded) => {
    b.set(T[0], read(b, i, k));
    b.call(helper, immediates, ANYTHING);
  };

/** LAR and LSL: the helper leaves ZF and, where it is set, the result in T[0]. */
const describeSegment = (helper: string) => (b: Builder, i: Decoded) => {
  const operand = i.operands[1];
  b.set(T[0], operand.kind === 'register' ? getR(b, operand.number, 2) : loadAt(b, place(b, i, operand, false), 2));
  b.call(helper, [], ANYTHING);
  const old = getR(b, numberOf(i, 0), i.operandSize);
  const result = b.select(b.get32(ZF), cut(b, i.operandSize, b.get(T[0])), old);
  // A register of 32 bits is written, and zero-extended, only where ZF is set.
  const whole = b.select(b.get32(ZF), result, b.get(R[numberOf(i, 0)]));
  if (i.operandSize === 4) b.set(R[numberOf(i, 0)], whole);
  else setR(b, numberOf(i, 0), i.operandSize, result);
};

/** MOV to a general register from a control or debug register, whose value the helper leaves in T[0]. */
const moveFrom = (helper: string) => (b: Builder, i: Decoded) => {
  b.call(helper, [numberOf(i, 1)], ANYTHING);
  setR(b, numberOf(i, 0), sizeOf(i, 0), b.get(T[0]));
};
const moveTo = (helper: string) => (b: Builder, i: Decoded) => {
  b.set(T[0], read(b, i, 1));
  b.call(helper, [numberOf(i, 0)], ANYTHING);
};

/** IN: the port in T[1], the value in T[0]. */
const input = (b: Builder, i: Decoded) => {
  b.set(T[1], cut(b, 2, read(b, i, 1)));
  b.call('in', [sizeOf(i, 0)], ANYTHING);
  setR(b, 0, sizeOf(i, 0), b.get(T[0]));
};
const output = (b: Builder, i: Decoded) => {
  b.set(T[1], cut(b, 2, read(b, i, 0)));
  b.set(T[0], read(b, i, 1));
  b.call('out', [sizeOf(i, 1)], ANYTHING);
};

const CR4 = SLOTS.get('cr4');

/** What `in` and `out` change, of which nothing has to be undone when memory faults behind them. */
const PORT = { reads: SLOTS.slots, writes: [T[0]] };

/** The check that comes before any access to memory (SDM vol. 1, 19.5.1 and 19.5.2). */
function checkPort(b: Builder, bytes: number, port: I64): void {
  b.set(T[1], port);
  b.call('checkPort', [bytes], PORT);
}

/** INS: whether memory can be stored to is found out before the port is read. */
const inputString = (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const bytes = sizeOf(i, 0);
  checkPort(b, bytes, read(b, i, 1));
  const where = place(b, i, i.operands[0], true);
  loadAt(b, where, bytes, true);
  b.set(T[1], read(b, i, 1));
  b.call('in', [bytes], PORT);
  storeAt(b, where, bytes, b.get(T[0]));
  repeatEnds(b, i, [7], bytes);
};
const outputString = (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const bytes = sizeOf(i, 1);
  checkPort(b, bytes, read(b, i, 0));
  b.set(T[0], read(b, i, 1));
  b.set(T[1], read(b, i, 0));
  b.call('out', [bytes], ANYTHING);
  repeatEnds(b, i, [6], bytes);
};

/** FS and GS base by instruction: a whole register, or its low half (SDM vol. 2B, RDFSBASE). */
const readBase = (segment: number) => (b: Builder, i: Decoded) => {
  b.call('requireFsGsBase', [], { reads: [CR4], writes: [T[0]] });
  write(b, i, 0, b.get(BASE[segment]));
};
const writeBase = (segment: number) => (b: Builder, i: Decoded) => {
  b.set(T[0], read(b, i, 0));
  b.call('writeBase', [segment], ANYTHING);
};

/** INVPCID: the type in a register, the descriptor's two halves in T[1] and T[2]. */
const invpcid = (b: Builder, i: Decoded) => {
  if (!i.address) throw new Error('a descriptor lies in memory');
  requirePrivilege(b);
  const { segment } = i.address;
  const offset = effectiveAddress(b, i);
  const low = loadAt(b, at(b, i, segment, offset, 8, false), 8);
  const behind = cut(b, i.addressSize, b.add(offset, b.i64(8n)));
  const high = loadAt(b, at(b, i, segment, behind, 8, false), 8);
  b.set(T[1], low);
  b.set(T[2], high);
  b.set(T[0], read(b, i, 0));
  b.call('invpcid', [], ANYTHING);
};

/** BOUND: #BR where a signed index is outside the two bounds in memory (SDM vol. 2A, BOUND). */
const bound = (b: Builder, i: Decoded) => {
  if (!i.address) throw new Error('bounds lie in memory');
  const { segment } = i.address;
  const offset = effectiveAddress(b, i);
  const half = i.operandSize;
  b.set(T[1], loadAt(b, at(b, i, segment, offset, half, false), half));
  b.set(
    T[2],
    loadAt(b, at(b, i, segment, cut(b, i.addressSize, b.add(offset, b.i64(BigInt(half)))), half, false), half),
  );
  b.set(T[0], read(b, i, 0));
  b.call('bound', [half], ANYTHING);
};

/** CPUID, RDTSC and their like, which read and write the four general registers themselves. */
const GENERAL = { reads: [RAX, RCX, RDX, R[3]], writes: [RAX, RCX, RDX, R[3]] };
const general = (helper: string) => (b: Builder) => b.call(helper, [], GENERAL);

/** ARPL: raises the first selector's RPL to the second's (SDM vol. 2A, ARPL). */
const arpl = (b: Builder, i: Decoded) => {
  const other = b.and(read(b, i, 1), b.i64(3n));
  const { old, put } = modify(b, i, 0);
  const less = b.ltU(b.and(old, b.i64(3n)), other);
  put(b.select(less, b.or(b.and(old, b.i64(~3n)), other), old));
  b.set32(ZF, less);
};

export const X86_SYSTEM: readonly Row[] = [
  // System calls, interrupts and returns.
  row(
    '0F 05',
    'syscall',
    transfer('syscall', (i) => [i.length]),
    { only: '64' },
  ),
  row('0F 07', 'sysret', transfer('sysret', size)),
  row('0F 34', 'sysenter', transfer('sysenter', size)),
  row('0F 35', 'sysexit', transfer('sysexit', size)),
  row('CC', 'int3', (b, i) => b.call('int3', [i.length], ANYTHING)),
  row('CD', 'int Ib', (b, i) => b.call('int', [Number(read(b, i, 0).attributes.value), i.length], ANYTHING)),
  row('CE', 'into', (b, i) => b.call('into', [i.length], ANYTHING), { only: 'legacy' }),
  row('F1', 'int1', (b, i) => b.call('int1', [i.length], ANYTHING)),
  row('CF', 'iret', transfer('iret', size)),

  // Far transfers.
  row(
    '9A',
    'call Ap',
    transfer('farCall', size, (b, i) => farPointer(b, i, 0)),
    { only: 'legacy' },
  ),
  row(
    'EA',
    'jmp Ap',
    transfer('farJump', size, (b, i) => farPointer(b, i, 0)),
    { only: 'legacy' },
  ),
  row(
    'FF /3',
    'call Mp',
    transfer('farCall', size, (b, i) => farPointer(b, i, 0)),
  ),
  row(
    'FF /5',
    'jmp Mp',
    transfer('farJump', size, (b, i) => farPointer(b, i, 0)),
  ),
  row(
    'CB',
    'retf',
    transfer('farReturn', (i) => [i.operandSize, 0]),
  ),
  row('CA', 'retf Iw', (b, i) =>
    transfer('farReturn', () => [i.operandSize, Number(read(b, i, 0).attributes.value)])(b, i),
  ),

  // Segment registers.
  row('8C /r', 'mov Ev, Sw', (b, i) => storeWord(selector(numberOf(i, 1)))(b, i)),
  row('8E /r', 'mov Sw, Ew', (b, i) => {
    // Of CS there is no such instruction, wherever the selector lies.
    if (numberOf(i, 0) === SEGMENT.cs) b.trapIf(b.i32(1), fault(VECTOR.UD), b.i64(0n));
    b.set(T[0], read(b, i, 1));
    loadSegment(b, numberOf(i, 0));
  }),
  row('C4 /r', 'les Gv, Mp', loadFar(SEGMENT.es), { only: 'legacy' }),
  row('C5 /r', 'lds Gv, Mp', loadFar(SEGMENT.ds), { only: 'legacy' }),
  row('0F B2 /r', 'lss Gv, Mp', loadFar(SEGMENT.ss)),
  row('0F B4 /r', 'lfs Gv, Mp', loadFar(SEGMENT.fs)),
  row('0F B5 /r', 'lgs Gv, Mp', loadFar(SEGMENT.gs)),
  row('F3 0F AE /0', 'rdfsbase Ry', readBase(SEGMENT.fs), { only: '64' }),
  row('F3 0F AE /1', 'rdgsbase Ry', readBase(SEGMENT.gs), { only: '64' }),
  row('F3 0F AE /2', 'wrfsbase Ry', writeBase(SEGMENT.fs), { only: '64' }),
  row('F3 0F AE /3', 'wrgsbase Ry', writeBase(SEGMENT.gs), { only: '64' }),
  row('0F 01 F8', 'swapgs', call('swapgs'), { only: '64' }),

  // Descriptor tables.
  row('0F 00 /0', 'sldt Ev', storeWord(selector(SEGMENT.ldtr))),
  row('0F 00 /1', 'str Ev', storeWord(selector(SEGMENT.tr))),
  row('0F 00 /2', 'lldt Ew', privileged(withOperand('lldt', 0))),
  row('0F 00 /3', 'ltr Ew', privileged(withOperand('ltr', 0))),
  row('0F 00 /4', 'verr Ew', withOperand('verr', 0)),
  row('0F 00 /5', 'verw Ew', withOperand('verw', 0)),
  row('0F 01 /0', 'sgdt Ms', storeTable('gdtr')),
  row('0F 01 /1', 'sidt Ms', storeTable('idtr')),
  row('0F 01 /2', 'lgdt Ms', loadTable('lgdt')),
  row('0F 01 /3', 'lidt Ms', loadTable('lidt')),
  row('0F 02 /r', 'lar Gv, Ew', describeSegment('lar')),
  row('0F 03 /r', 'lsl Gv, Ew', describeSegment('lsl')),
  row('63 /r', 'arpl Ew, Gw', arpl, { only: 'legacy' }),
  row('62 /r', 'bound Gv, Ma', bound, { only: 'legacy' }),

  // Control and debug registers.
  row(
    '0F 01 /4',
    'smsw Ev',
    storeWord((b) => b.get(SLOTS.get('cr0'))),
  ),
  row('0F 01 /6', 'lmsw Ew', privileged(withOperand('lmsw', 0))),
  row('0F 06', 'clts', call('clts')),
  row('0F 20 /r', 'mov Ry, Cy', moveFrom('readControl'), { size: 'f64' }),
  row('0F 21 /r', 'mov Ry, Dy', moveFrom('readDebug'), { size: 'f64' }),
  row('0F 22 /r', 'mov Cy, Ry', moveTo('writeControl'), { size: 'f64' }),
  row('0F 23 /r', 'mov Dy, Ry', moveTo('writeDebug'), { size: 'f64' }),
  row('0F 01 D0', 'xgetbv', call('xgetbv')),
  row('0F 01 D1', 'xsetbv', call('xsetbv')),
  row('NP 0F 01 CA', 'clac', call('clac')),
  row('NP 0F 01 CB', 'stac', call('stac')),
  row('NP 0F 01 EE', 'rdpkru', call('rdpkru')),
  row('NP 0F 01 EF', 'wrpkru', call('wrpkru')),

  // Model-specific registers, counters and identification.
  row('0F 30', 'wrmsr', call('wrmsr')),
  row('0F 31', 'rdtsc', general('rdtsc')),
  row('0F 32', 'rdmsr', call('rdmsr')),
  row('0F 33', 'rdpmc', call('rdpmc')),
  row('0F 01 F9', 'rdtscp', general('rdtscp')),
  row('0F A2', 'cpuid', general('cpuid')),

  // Translations and caches.
  row('0F 01 /7', 'invlpg Mb', (b, i) => {
    const { address } = place(b, i, i.operands[0], false);
    b.set(T[0], address);
    b.call('invlpg', [], ANYTHING);
  }),
  row('66 0F 38 82 /r', 'invpcid Gy, Mdq', invpcid, { size: 'f64' }),
  row('0F 08', 'invd', call('wbinvd')),
  row('0F 09', 'wbinvd', call('wbinvd')),

  // Interrupts, and waiting for one.
  row('FA', 'cli', call('cli')),
  row('FB', 'sti', call('sti')),
  row('F4', 'hlt', call('hlt')),

  // Ports.
  row('E4', 'in AL, Ib', input),
  row('E5', 'in eAX, Ib', input),
  row('E6', 'out Ib, AL', output),
  row('E7', 'out Ib, eAX', output),
  row('EC', 'in AL, DX', input),
  row('ED', 'in eAX, DX', input),
  row('EE', 'out DX, AL', output),
  row('EF', 'out DX, eAX', output),
  row('6C', 'ins Yb, DX', inputString, { repeat: 'rep' }),
  row('6D', 'ins Yz, DX', inputString, { repeat: 'rep' }),
  row('6E', 'outs DX, Xb', outputString, { repeat: 'rep' }),
  row('6F', 'outs DX, Xz', outputString, { repeat: 'rep' }),
];
