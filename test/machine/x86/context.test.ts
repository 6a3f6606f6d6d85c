// SDM vol. 3A, 4.6 and 4.10: whatever a translation's verdict depends on, an instruction that changes it has the next access
// judged anew. Each case runs twice on one machine, so that no page of code is new and nothing else drops what is cached.
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { updateMode } from '../../../machine/x86/mode.ts';
import { AT, Rig, SEL } from './rig.ts';

/** The page that is accessed. Its frame holds 40, the other one 50. */
const PAGE = 0x4_0000n;
const [FRAME, OTHER] = [0x4_0000n, 0x5_0000n];
const OTHER_ROOT = 0x3_0000n;
/** Where instructions to another place go on: in the page that they are in. */
const TO = AT.code + 0x80n;
const POINTER = 0xe000n;

const [S, U, READ_ONLY, G, NX] = [3n, 7n, 1n, 0x103n, 1n << 63n];
const key = (n: bigint) => n << 59n;
const [IF, AC] = [1n << 9n, 1n << 18n];
const [WP, PG] = [1n << 16n, 1n << 31n];
const CR0 = 0x8005_0033n;
const CR4 = 0x6a0n;
const [PGE, PCIDE, SMEP, SMAP, PKE, PKS] = [7n, 17n, 20n, 21n, 22n, 24n].map((at) => 1n << at);
const NOFLUSH = 1n << 63n;
const EFER = 0xd01n;
const NXE = 1n << 11n;

type Registers = Readonly<Record<string, bigint>>;

interface Case {
  readonly cpl?: 0 | 3;
  /** Beside those of `HOME`. */
  readonly registers?: Registers;
  /** Instructions, of which the last makes the change. */
  readonly code: string;
  /** Rights in the entry of PAGE or, of a fetch, of the code's own page. */
  readonly page?: bigint;
  readonly access?: 'load' | 'store' | 'misaligned' | 'fetch';
  /** Between the first access and the code, and before both. */
  readonly between?: (rig: Rig) => void;
  readonly first?: (rig: Rig) => void;
}

const HOME: Registers = {
  cr0: CR0,
  cr3: AT.tables,
  cr4: CR4,
  efer: EFER,
  flags: 0n,
  pkru: 0n,
  pkrs: 0n,
  rip: AT.code,
  rsp: AT.stack,
  star: (0x23n << 48n) | (0x10n << 32n),
  lstar: TO,
  fmask: IF,
  sysenter_cs: 0x10n,
  sysenter_eip: TO,
  sysenter_esp: AT.rsp0,
  xcr0: 3n,
};

/** A machine whose pages are the kernel's but for those of a user's own code, stack and far pointer. */
function begin(rig: Rig, one: Case): void {
  const { cpl = 0, registers = {}, access = 'load' } = one;
  const page = one.page ?? S;
  const kernels = cpl === 0 ? [] : [AT.code, AT.stack & ~0xfffn, POINTER];
  for (let at = 0n; at < 0x10_0000n; at += 0x1000n) rig.map(at, at | (kernels.includes(at) ? U : S));
  rig.map(access === 'fetch' ? AT.code : PAGE, (access === 'fetch' ? AT.code : FRAME) | page);
  for (let i = 0n; i < 512n; i++) {
    rig.write(OTHER_ROOT + 0x3000n + 8n * i, 8, rig.read(AT.tables + 0x3000n + 8n * i, 8));
  }
  rig.write(OTHER_ROOT + 0x3000n + 8n * (PAGE >> 12n), 8, OTHER | page);
  for (let i = 0n; i < 3n; i++) rig.write(OTHER_ROOT + (i << 12n), 8, (OTHER_ROOT + ((i + 1n) << 12n)) | U);
  rig.write(FRAME, 8, 0x40n);
  rig.write(OTHER, 8, 0x50n);
  rig.segment('cs', cpl === 3 ? SEL.userCode64 : SEL.code64);
  for (const name of ['ss', 'ds', 'es', 'fs', 'gs']) rig.segment(name, cpl === 3 ? SEL.userData : SEL.data);
  rig.set({ ...HOME, cpl: BigInt(cpl), ...registers });
  updateMode(rig.hart);
}

/** An access as an instruction would make it: what it reads, or its fault. */
function access(rig: Rig, kind: Case['access']): string {
  const { hart } = rig;
  const refused = () => `#${hart.trap.cause & 0xff}(${((hart.trap.cause >> 8) & 0xffff).toString(16)})`;
  switch (kind) {
    case 'store':
      return hart.memory.store(PAGE, 8, 0x40n) ? 'stores' : refused();
    case 'misaligned':
      return hart.memory.load(PAGE + 1n, 4) === undefined ? refused() : 'reads';
    case 'fetch':
      rig.machine.run(1);
      return rig.taken === 'no' ? 'runs' : rig.taken;
    default:
      return hart.memory.load(PAGE, 8)?.toString(16) ?? refused();
  }
}

/** What the access comes to before the change and after it, or what else is to be said then. */
function verdicts(one: Case, after = (rig: Rig) => access(rig, one.access)): string {
  const rig = new Rig();
  // NOPs in front and where the code may go on.
  for (let i = 0n; i < 0x100n; i++) rig.write(AT.code + i, 1, 0x90n);
  const code = one.code.split(' ');
  const bytes = Buffer.from(code.join(''), 'hex');
  for (const [i, byte] of bytes.entries()) rig.write(AT.code + 1n + BigInt(i), 1, BigInt(byte));
  const once = () => {
    begin(rig, one);
    one.first?.(rig);
    rig.machine.run(1);
    const before = one.access === 'fetch' ? (rig.taken === 'no' ? 'runs' : rig.taken) : access(rig, one.access);
    one.between?.(rig);
    rig.machine.run(code.length);
    return `${before} → ${after(rig)}`;
  };
  // What is fetched after a change has been executed before, so that the engine knows it, and may.
  begin(rig, { code: '' });
  for (const rip of [AT.code + 1n + BigInt(bytes.length), TO]) {
    rig.set({ rip });
    rig.machine.run(1);
  }
  once();
  return once();
}

/** Far pointers and frames for instructions that go to another privilege. */
const push =
  (...words: bigint[]) =>
  (rig: Rig) =>
    rig.push(8, ...words);
const gate = (vector: number) => (rig: Rig) => rig.gate(vector, { type: 0xee, to: TO });
function callGate(rig: Rig): void {
  rig.gdt(SEL.gate, (TO & 0xffffn) | (BigInt(SEL.code64) << 16n) | (0xecn << 40n), 0n);
  rig.write(POINTER, 8, 0n);
  rig.write(POINTER + 8n, 2, BigInt(SEL.gate | 3));
}
/** Vector 40H by the local APIC. */
function interruptItself(rig: Rig): void {
  rig.machine.bus.write(0xfee0_00f0n, 4, 0x1ffn, 0);
  rig.machine.bus.write(0xfee0_0300n, 4, 0x4_0040n, 0);
}
/** At the end of the handler, so that the next one may come. */
const endInterrupt = (rig: Rig) => {
  rig.machine.bus.write(0xfee0_00b0n, 4, 0n, 0);
  gate(0x40)(rig);
};
const outer = (flags = 0n) => push(BigInt(SEL.userData), AT.stack, flags, BigInt(SEL.userCode64), TO);
const inner = (flags = 0n) => push(BigInt(SEL.data), AT.stack, flags, BigInt(SEL.code64), TO);

type Way = readonly [string, Case];
const INWARDS: readonly Way[] = [
  ['SYSCALL', { code: '0f05' }],
  ['SYSENTER', { code: '0f34' }],
  ['INT n', { code: 'cd80', first: gate(0x80) }],
  ['an exception', { code: '0f0b', first: gate(6) }],
  ['an interrupt', { code: '90', first: endInterrupt, between: interruptItself, registers: { flags: IF } }],
  ['far CALL through a gate', { code: '48ff1c2500e00000', first: callGate }],
];
const OUTWARDS: readonly Way[] = [
  ['IRET', { code: '48cf', first: outer() }],
  ['SYSRET', { code: '480f07', registers: { rcx: TO } }],
  ['SYSEXIT', { code: '480f35', registers: { rcx: AT.stack, rdx: TO } }],
  ['far RET', { code: '48cb', first: push(BigInt(SEL.userData), AT.stack, BigInt(SEL.userCode64), TO) }],
];
const cr4 = (more: bigint): Registers => ({ cr4: CR4 | more });
const withRegisters = (one: Case, cpl: 0 | 3, more: Registers): Case => ({
  ...one,
  cpl,
  registers: { ...one.registers, ...more },
});

describe.each(INWARDS)('CPL 3 to 0 by %s', (_, one) => {
  it.each<[string, Registers, Partial<Case>, string]>([
    ['data of the user’s under SMAP', cr4(SMAP), { page: U }, '40 → #14(1)'],
    ['data of the kernel’s', {}, { page: S }, '#14(5) → 40'],
    [
      'data of the user’s with a key, PKRU denying stores, WP clear',
      { ...cr4(PKE), pkru: 8n, cr0: CR0 & ~WP },
      { page: U | key(1n), access: 'store' },
      '#14(27) → stores',
    ],
    ['code of the user’s under SMEP', cr4(SMEP), { page: U, access: 'fetch' }, 'runs → #14(11)'],
  ])('%s', (_, registers, more, want) => {
    expect(verdicts({ ...withRegisters(one, 3, registers), ...more })).toBe(want);
  });
});

it.each(INWARDS.slice(2))('%s: a stack that is the user’s page is no stack under SMAP', (_, one) => {
  const first = (rig: Rig) => {
    one.first?.(rig);
    rig.write(AT.tss + 4n, 8, PAGE + 0x800n);
    rig.gate(14, { ist: 1 });
  };
  const stored = { ...withRegisters(one, 3, cr4(SMAP)), page: U, access: 'store', first } as const;
  expect(verdicts(stored, (rig) => rig.taken)).toBe('stores → #14(3)');
});

describe.each(OUTWARDS)('CPL 0 to 3 by %s', (_, one) => {
  it.each<[string, Registers, Partial<Case>, string]>([
    ['data of the user’s under SMAP', cr4(SMAP), { page: U }, '#14(1) → 40'],
    ['data of the kernel’s', {}, { page: S }, '40 → #14(5)'],
    [
      'data of the user’s that is read-only, WP clear',
      { cr0: CR0 & ~WP },
      { page: READ_ONLY | 4n, access: 'store' },
      'stores → #14(7)',
    ],
    ['code of the kernel’s', {}, { page: S, access: 'fetch' }, 'runs → #14(15)'],
  ])('%s', (_, registers, more, want) => {
    expect(verdicts({ ...withRegisters(one, 0, registers), ...more })).toBe(want);
  });
});

/** Cases at CPL 0 on a page of the user's under SMAP. */
const smap = (code: string, flags: bigint, more: Partial<Case> = {}): Case => ({
  code,
  page: U,
  ...more,
  registers: { cr4: CR4 | SMAP, flags, ...more.registers },
});
describe('RFLAGS.AC', () => {
  it.each<[string, Case, string]>([
    ['STAC', smap('0f01cb', 0n), '#14(1) → 40'],
    ['CLAC', smap('0f01ca', AC), '40 → #14(1)'],
    ['POPF sets it', smap('9d', 0n, { first: push(AC) }), '#14(1) → 40'],
    ['POPF clears it', smap('9d', AC, { first: push(0n) }), '40 → #14(1)'],
    ['POPF of 2 bytes leaves it', smap('669d', AC, { first: push(0n) }), '40 → 40'],
    ['IRET sets it', smap('48cf', 0n, { first: inner(AC) }), '#14(1) → 40'],
    ['IRET clears it', smap('48cf', AC, { first: inner() }), '40 → #14(1)'],
    ['SYSCALL whose FMASK names it', smap('0f05', AC, { registers: { fmask: AC } }), '40 → #14(1)'],
    ['SYSCALL whose FMASK does not', smap('0f05', AC), '40 → 40'],
    ['SYSENTER leaves it', smap('0f34', AC), '40 → 40'],
    ['INT n leaves it (6.12.1)', smap('cd80', AC, { first: gate(0x80) }), '40 → 40'],
    [
      'SYSRET sets it: alignment checking',
      { code: '480f07', page: U, access: 'misaligned', registers: { rcx: TO, r11: AC } },
      'reads → #17(0)',
    ],
    [
      'POPF sets it at CPL 3: alignment checking',
      { cpl: 3, code: '9d', page: U, access: 'misaligned', first: push(AC) },
      'reads → #17(0)',
    ],
    [
      'POPF clears it at CPL 3',
      { cpl: 3, code: '9d', page: U, access: 'misaligned', first: push(0n), registers: { flags: AC } },
      '#17(0) → reads',
    ],
  ])('%s', (_, one, want) => {
    expect(verdicts(one)).toBe(want);
  });
});

/** MOV to a control register from RAX. */
const mov = (n: 0 | 3 | 4, value: bigint, more: Partial<Case> = {}): Case => ({
  code: { 0: '0f22c0', 3: '0f22d8', 4: '0f22e0' }[n],
  ...more,
  registers: { ...more.registers, rax: value },
});
const wrmsr = (number: bigint, value: bigint, more: Partial<Case> = {}): Case => ({
  code: '0f30',
  ...more,
  registers: { ...more.registers, rcx: number, rax: value & 0xffff_ffffn, rdx: value >> 32n },
});
/** The entry of PAGE leads elsewhere, and nothing is invalidated. */
const poke = (rig: Rig) => {
  const at = AT.tables + 0x3000n + 8n * (PAGE >> 12n);
  rig.write(at, 8, (rig.read(at, 8) & 0xfffn) | OTHER);
};
const changed = { between: poke };
const changedGlobal = { between: poke, page: G };
/** 32-bit code at CPL 0, from which paging can be left and entered. */
const compatible = (rig: Rig) => {
  rig.segment('cs', SEL.code32);
  updateMode(rig.hart);
};
const pcid = { cr4: CR4 | PCIDE, cr3: AT.tables | 1n };
const pcidHome = AT.tables | 1n;

describe('control registers', () => {
  it.each<[string, Case, string]>([
    ['CR0.WP set', mov(0, CR0, { page: READ_ONLY, access: 'store', registers: { cr0: CR0 & ~WP } }), 'stores → #14(3)'],
    ['CR0.WP cleared', mov(0, CR0 & ~WP, { page: READ_ONLY, access: 'store' }), '#14(3) → stores'],
    [
      'CR0.WP set, a key whose stores PKRU denies',
      mov(0, CR0, { page: U | key(1n), access: 'store', registers: { cr0: CR0 & ~WP, ...cr4(PKE), pkru: 8n } }),
      'stores → #14(23)',
    ],
    [
      'CR0.PG cleared',
      mov(0, CR0 & ~PG, {
        first: (rig) => {
          poke(rig);
          compatible(rig);
        },
      }),
      '50 → 40',
    ],
    [
      'CR0.PG set',
      mov(0, CR0, {
        first: (rig) => {
          poke(rig);
          rig.set({ cr0: CR0 & ~PG, efer: EFER & ~0x400n });
          compatible(rig);
        },
      }),
      '40 → 50',
    ],
    [
      'CR0.PG cleared and set: what was held is gone',
      mov(0, CR0 & ~PG, { ...changedGlobal, code: '0f22c0 0f22c3', registers: { rbx: CR0 }, first: compatible }),
      '40 → 50',
    ],
    ['CR3: other tables', mov(3, OTHER_ROOT), '40 → 50'],
    ['CR3: the same tables, changed', mov(3, AT.tables, changed), '40 → 50'],
    ['CR3: a global page that was changed is held', mov(3, AT.tables, changedGlobal), '40 → 40'],
    [
      'CR3: a global page, CR4.PGE clear',
      mov(3, AT.tables, { ...changedGlobal, registers: { cr4: CR4 & ~PGE } }),
      '40 → 50',
    ],
    ['CR3: another PCID', mov(3, OTHER_ROOT | 2n, { registers: pcid }), '40 → 50'],
    ['CR3: another PCID, with bit 63', mov(3, NOFLUSH | OTHER_ROOT | 2n, { registers: pcid }), '40 → 50'],
    ['CR3: the PCID in force, changed', mov(3, pcidHome, { ...changed, registers: pcid }), '40 → 50'],
    [
      'CR3: the PCID in force, changed, with bit 63',
      mov(3, NOFLUSH | pcidHome, { ...changed, registers: pcid }),
      '40 → 40',
    ],
    [
      'CR3: to another PCID and back',
      mov(3, OTHER_ROOT | 2n, { ...changed, code: '0f22d8 0f22db', registers: { ...pcid, rbx: pcidHome } }),
      '40 → 50',
    ],
    [
      'CR3: to another PCID and back with bit 63',
      mov(3, OTHER_ROOT | 2n, { ...changed, code: '0f22d8 0f22db', registers: { ...pcid, rbx: NOFLUSH | pcidHome } }),
      '40 → 40',
    ],
    ['CR4.PGE cleared', mov(4, CR4 & ~PGE, changedGlobal), '40 → 50'],
    ['CR4.PGE set', mov(4, CR4, { ...changed, registers: { cr4: CR4 & ~PGE } }), '40 → 50'],
    ['CR4.PCIDE cleared', mov(4, CR4, { ...changedGlobal, registers: pcid }), '40 → 50'],
    ['CR4.PCIDE set, nothing being dropped', mov(4, CR4 | PCIDE, changed), '40 → 40'],
    ['CR4.SMEP set: code of the user’s', mov(4, CR4 | SMEP, { page: U, access: 'fetch' }), 'runs → #14(11)'],
    ['CR4.SMEP set: what is held goes', mov(4, CR4 | SMEP, changed), '40 → 50'],
    ['CR4.SMAP set', mov(4, CR4 | SMAP, { page: U }), '40 → #14(1)'],
    ['CR4.SMAP cleared', mov(4, CR4, { page: U, registers: cr4(SMAP) }), '#14(1) → 40'],
    ['CR4.PKE set', mov(4, CR4 | PKE, { page: U | key(1n), registers: { pkru: 4n } }), '40 → #14(21)'],
    ['CR4.PKE cleared', mov(4, CR4, { page: U | key(1n), registers: { pkru: 4n, ...cr4(PKE) } }), '#14(21) → 40'],
    ['CR4.PKS set', mov(4, CR4 | PKS, { page: S | key(1n), registers: { pkrs: 4n } }), '40 → #14(21)'],
    ['CR4.PKS cleared', mov(4, CR4, { page: S | key(1n), registers: { pkrs: 4n, ...cr4(PKS) } }), '#14(21) → 40'],
  ])('%s', (_, one, want) => {
    expect(verdicts(one)).toBe(want);
  });
});

/** The code's own page has XD, and is held from when EFER.NXE was set; with XD reserved, nothing of it would be. */
const heldWithXd = (rig: Rig) => {
  rig.hart.memory.load(AT.code, 1);
  rig.set({ efer: EFER & ~NXE });
  updateMode(rig.hart);
};
const EFER_MSR = 0xc000_0080n;
const PKRS_MSR = 0x6e1n;
const wrpkru = (value: bigint, more: Partial<Case>): Case => ({
  code: '0f01ef',
  page: U | key(1n),
  ...more,
  registers: { ...cr4(PKE), rcx: 0n, rdx: 0n, rax: value, ...more.registers },
});
const pkrs = (value: bigint, more: Partial<Case>): Case =>
  wrmsr(PKRS_MSR, value, { page: S | key(2n), ...more, registers: { ...cr4(PKS), ...more.registers } });
const FETCH = accessShape('fetch', 1);

describe('EFER.NXE and protection keys', () => {
  it.each<[string, Case, string]>([
    ['EFER.NXE set', wrmsr(EFER_MSR, EFER, { page: S | NX, access: 'fetch', first: heldWithXd }), 'runs → #14(11)'],
    [
      'EFER.NXE cleared: XD is reserved in what is not held',
      wrmsr(EFER_MSR, EFER & ~NXE, {
        page: S | NX,
        between: (rig) => rig.hart.isa.mmu.translate(rig.hart, PAGE, FETCH),
      }),
      '40 → #14(9)',
    ],
    ['WRPKRU: all access denied', wrpkru(4n, {}), '40 → #14(21)'],
    ['WRPKRU: at CPL 3', wrpkru(4n, { cpl: 3 }), '40 → #14(25)'],
    ['WRPKRU: all access allowed', wrpkru(0n, { cpl: 3, registers: { pkru: 4n } }), '#14(25) → 40'],
    ['WRPKRU: stores denied', wrpkru(8n, { cpl: 3, access: 'store' }), 'stores → #14(27)'],
    [
      'WRPKRU: stores allowed',
      wrpkru(4n << 2n, { cpl: 3, access: 'store', registers: { pkru: 8n } }),
      '#14(27) → stores',
    ],
    ['IA32_PKRS: all access denied', pkrs(0x10n, {}), '40 → #14(21)'],
    ['IA32_PKRS: all access allowed', pkrs(4n, { registers: { pkrs: 0x10n } }), '#14(21) → 40'],
    ['IA32_PKRS: stores denied', pkrs(0x20n, { access: 'store' }), 'stores → #14(23)'],
    ['IA32_PKRS: stores allowed', pkrs(0n, { access: 'store', registers: { pkrs: 0x20n } }), '#14(23) → stores'],
  ])('%s', (_, one, want) => {
    expect(verdicts(one)).toBe(want);
  });
});

/** INVPCID by RAX, of the descriptor at POINTER. */
const invpcid = (type: bigint, low: bigint, address: bigint, more: Partial<Case> = {}): Case => ({
  code: '660f3882042500e00000',
  ...changed,
  ...more,
  registers: { ...pcid, rax: type },
  first: (rig) => {
    rig.write(POINTER, 8, low);
    rig.write(POINTER + 8n, 8, address);
  },
});
describe('a changed entry by what invalidates it (4.10.4.1)', () => {
  it.each<[string, Case, string]>([
    ['nothing', { code: '90', ...changed }, '40 → 40'],
    ['INVLPG', { code: '0f013c2500000400', ...changed }, '40 → 50'],
    ['INVLPG, a global page', { code: '0f013c2500000400', ...changedGlobal }, '40 → 50'],
    ['INVLPG of the next page', { code: '0f013c2500100400', ...changed }, '40 → 40'],
    ['INVPCID 0', invpcid(0n, 1n, PAGE), '40 → 50'],
    ['INVPCID 0 of another PCID', invpcid(0n, 2n, PAGE), '40 → 40'],
    ['INVPCID 1', invpcid(1n, 1n, 0n), '40 → 50'],
    ['INVPCID 1, a global page', invpcid(1n, 1n, 0n, { page: G }), '40 → 40'],
    ['INVPCID 2, a global page', invpcid(2n, 0n, 0n, { page: G }), '40 → 50'],
    ['INVPCID 3', invpcid(3n, 0n, 0n), '40 → 50'],
    ['INVPCID 3, a global page', invpcid(3n, 0n, 0n, { page: G }), '40 → 40'],
  ])('%s', (_, one, want) => {
    expect(verdicts(one)).toBe(want);
  });
});
