import type { HardFault, TrapFlow } from '../../kernel/index.ts';
import type { Walk } from '../../machine/index.ts';

// The records behind the examples of how a trap flow reads, and what else views have to show.

const raw = (cause: bigint, summary: string, value: bigint, pc: bigint, previous = 'user'): TrapFlow['raw'] => ({
  registers: [
    { name: 'scause', value: cause },
    { name: 'stval', value },
    { name: 'sepc', value: pc },
    { name: 'sstatus', value: 0x8000000200006020n },
  ],
  fields: [
    { register: 'sstatus', name: 'SPP', text: previous },
    { register: 'sstatus', name: 'SUM', text: '0' },
    { register: 'sstatus', name: 'MXR', text: '0' },
  ],
  summary,
  ...(cause < 1n << 63n ? { code: Number(cause) } : {}),
});

const walk = (fault: string): Walk => ({
  mode: 'Sv39',
  root: 0x80420000n,
  asid: 2,
  steps: [
    { level: 2, index: 0, entryAddress: 0x80420000n, entry: 0x20108401n, decision: 'table 80421000' },
    { level: 1, index: 0, entryAddress: 0x80421000n, entry: 0x20108801n, decision: 'table 80422000' },
    { level: 0, index: 0x42, entryAddress: 0x80422210n, entry: 0n, decision: 'not valid' },
  ],
  result: { fault },
});

const bss = { name: 'bss', start: 0x41000n, end: 0x61000n, flags: 'rw-' };
const stack = { name: 'stack', start: 0x7fff0000n, end: 0x80000000n, flags: 'rw-' };

const plain = {
  hart: 0,
  process: 2,
  access: undefined,
  walk: undefined,
  info: undefined,
  userAccess: false,
  call: undefined,
  steps: [],
  nested: [],
  surroundings: undefined,
} as const;

export const DEMAND: TrapFlow = {
  ...plain,
  trap: 12,
  instruction: 18402,
  kind: 'page fault',
  origin: { privilege: 'user', pc: 0x10a3cn, symbol: 'fill+14', text: 'sd a0,0(a1)' },
  access: { kind: 'store', size: 8, atomicity: 'plain', privilege: 'user', address: 0x42000n },
  raw: raw(15n, 'store/AMO page fault', 0x42000n, 0x10a3cn),
  walk: walk('not valid'),
  info: {
    address: 0x42000n,
    reason: 'NotPresent',
    wasWrite: true,
    wasUserMode: true,
    instructionPointer: 0x10a3cn,
    corrected: { wasFetch: false, size: 8, class: 'absent', hard: undefined },
  },
  steps: [
    {
      step: 'demand paging',
      verdict: 'resolved',
      why: 'absent page',
      area: bss,
      changes: [
        { kind: 'frame', action: 'zeroed', frame: 0x80533n },
        { kind: 'entry', address: 0x80422210n, before: 0n, after: 0x2014ccd7n, rights: 'V R W U A D' },
      ],
    },
  ],
  outcome: { kind: 'resolved', retriedAt: 0x10a3cn },
};

const NESTED: TrapFlow = {
  ...DEMAND,
  trap: 14,
  instruction: 18977,
  origin: { privilege: 'supervisor', pc: 0xffffffc0001ff200n, symbol: undefined, text: 'user-access' },
  access: { kind: 'load', size: 8, atomicity: 'plain', privilege: 'supervisor', address: 0x7fff2000n },
  raw: raw(13n, 'load page fault', 0x7fff2000n, 0xffffffc0001ff200n, 'supervisor'),
  info: { ...DEMAND.info!, address: 0x7fff2000n, wasWrite: false, wasUserMode: false },
  userAccess: true,
  steps: [
    {
      step: 'demand paging',
      verdict: 'resolved',
      why: 'absent page',
      area: stack,
      changes: [{ kind: 'frame', action: 'zeroed', frame: 0x80534n }],
    },
  ],
  outcome: { kind: 'resolved', retriedAt: 0xffffffc0001ff200n },
};

export const WRITE: TrapFlow = {
  ...plain,
  trap: 13,
  instruction: 18977,
  kind: 'system call',
  origin: { privilege: 'user', pc: 0x10b10n, symbol: 'main+88', text: 'ecall' },
  raw: raw(8n, 'environment call from U-mode', 0n, 0x10b10n),
  call: { name: 'write', args: ['1', '0x7fff2000', '64'] },
  nested: [NESTED],
  outcome: { kind: 'returned', value: 64n },
};

export const FAILED_CALL: TrapFlow = {
  ...WRITE,
  trap: 15,
  call: { name: 'openat', args: ['AT_FDCWD', '0x0', '0'] },
  nested: [],
  outcome: { kind: 'errno', errno: 14, name: 'EFAULT' },
};

export const DEATH: TrapFlow = {
  ...plain,
  trap: 16,
  instruction: 19240,
  kind: 'page fault',
  origin: { privilege: 'user', pc: 0x10b40n, symbol: 'main+b8', text: 'sb zero,0(a5)' },
  access: { kind: 'store', size: 1, atomicity: 'plain', privilege: 'user', address: 0x11000n },
  raw: raw(15n, 'store/AMO page fault', 0x11000n, 0x10b40n),
  walk: {
    ...walk('not writable'),
    steps: [
      {
        level: 0,
        index: 0x11,
        entryAddress: 0x80422088n,
        entry: 0x2014cc53n,
        decision: 'leaf r--u a, not writable',
      },
    ],
  },
  info: {
    address: 0x11000n,
    reason: 'WriteToReadOnly',
    wasWrite: true,
    wasUserMode: true,
    instructionPointer: 0x10b40n,
    corrected: { wasFetch: false, size: 1, class: 'denied', hard: undefined },
  },
  steps: [
    { step: 'copy-on-write', verdict: 'refused', why: 'copy-on-write: area is not writable', changes: [] },
    { step: 'signal', verdict: 'delivered', why: 'default action: the process ends', changes: [] },
  ],
  outcome: { kind: 'signal', signal: 'SIGSEGV', code: 'SEGV_ACCERR', address: 0x11000n, exit: 139 },
  surroundings: {
    registers: ['pc', 'ra', 'sp', 'a5', 'a0'].map((name, i) => ({ name, value: 0x10b40n + BigInt(i) })),
    backtrace: [
      { pc: 0x10b40n, symbol: 'main+b8' },
      { pc: 0x10100n, symbol: undefined },
    ],
    areas: [{ name: 'rodata', start: 0x11000n, end: 0x12000n, flags: 'r--' }, bss],
  },
};

export const COPY: TrapFlow = {
  ...DEMAND,
  trap: 17,
  steps: [
    {
      step: 'copy-on-write',
      verdict: 'resolved',
      why: 'shared by 2',
      area: bss,
      changes: [
        { kind: 'frame', action: 'copied', frame: 0x80600n, from: 0x80533n },
        { kind: 'entry', address: 0x80422210n, before: 0x2014cc53n, after: 0n, rights: '' },
        { kind: 'invalidation', hart: 1, address: 0x42000n, asid: 2, dropped: 1 },
        { kind: 'entry', address: 0x80422210n, before: 0n, after: 0x201800d7n, rights: 'V R W U A D' },
      ],
    },
  ],
};

export const PANIC: TrapFlow = {
  ...NESTED,
  trap: 18,
  walk: { mode: 'Sv39', root: 0x80420000n, asid: 2, steps: [], result: { fault: 'not canonical' } },
  steps: [],
  userAccess: false,
  outcome: { kind: 'panic', message: 'page fault in the kernel' },
};

export const TIMER: TrapFlow = {
  ...plain,
  trap: 19,
  instruction: 20000,
  kind: 'interrupt',
  origin: { privilege: 'user', pc: 0x10b44n, symbol: 'a_very_long_function_name+1c4', text: 'addi a0,a0,1' },
  raw: raw((1n << 63n) | 5n, 'supervisor timer interrupt', 0n, 0x10b44n),
  outcome: { kind: 'rescheduled' },
};

/** Registers as x86-64 tells them, some of them with fields, and entries of which one is wide. */
export const FRAME: TrapFlow = {
  ...DEMAND,
  trap: 20,
  origin: { privilege: 'user', pc: 0x1127dn, symbol: 'print+9d', text: 'mov bl,BYTE PTR [r13+0x0]' },
  raw: {
    registers: [
      { name: 'vector', value: 14n },
      { name: 'error', value: 7n },
      { name: 'cr2', value: 0x42000n },
      { name: 'rip', value: 0x1127dn },
      { name: 'cs', value: 0x33n },
      { name: 'rflags', value: 0x10202n },
      { name: 'rsp', value: 0x7fffffffed40n },
      { name: 'ss', value: 0x2bn },
    ],
    fields: [
      { register: 'error', name: 'U/S', text: '1, user' },
      { register: 'error', name: 'W/R', text: '1, write' },
      { register: 'error', name: 'P', text: '1, a present page' },
      { register: 'cs', name: 'CPL', text: '3, user' },
      { register: 'rflags', name: 'AC', text: '0, alignment not checked' },
    ],
    summary: 'page fault: protection violation, user write',
    code: 14,
  },
  walk: {
    mode: '4-level',
    root: 0x9000n,
    asid: 1,
    steps: [
      { level: 1, index: 0, entryAddress: 0x9000n, entry: 0x11027n, decision: 'table 11000' },
      {
        level: 0,
        index: 0x42,
        entryAddress: 0x11210n,
        entry: 0x8000000000533025n,
        decision: 'leaf r--u a, not writable',
      },
    ],
    result: { fault: 'not writable' },
  },
};

/** The same as a fault that no page-table change cures. */
export const hard = (what: HardFault): TrapFlow => ({
  ...FRAME,
  kind: 'exception',
  info: { ...FRAME.info!, corrected: { ...FRAME.info!.corrected!, hard: what } },
});
