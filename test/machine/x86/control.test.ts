// Control registers, debug registers, XCR0 and the instructions that only reach them through checks (SDM vol. 2 and 3A).
import { describe, expect, it } from 'vitest';
import { CR0, CR4 } from '../../../machine/x86/control.ts';
import { ControlRig } from './control-rig.ts';

type Registers = Readonly<Record<string, bigint>>;

const { PE, MP, EM, TS, ET, NE, WP, AM, NW, CD, PG } = CR0;
const LME = 1n << 8n;
const LMA = 1n << 10n;
/** Long mode as it is: everything that must be on, and 64-bit code. */
const LONG: Registers = {
  cr0: PG | PE | ET,
  cr4: CR4.PAE,
  efer: LME | LMA,
  cs_attributes: 0xa09bn,
  code_mode: 0n,
  cr3: 0x5000n,
};
const COMPATIBILITY: Registers = { ...LONG, cs_attributes: 0xc09bn, code_mode: 1n };
/** Protected mode, all set for long mode but PG. */
const READY: Registers = { cr0: PE | ET, cr4: CR4.PAE, efer: LME, code_mode: 1n };

/** Clause, registers, which control register, the value, and what becomes of it: a trap, a stop, or what it reads as. */
const WRITES: readonly (readonly [string, Registers, number, bigint, string | bigint])[] = [
  ['PG sets long mode active where LME is set', READY, 0, PG | PE, PG | PE | ET],
  ['PG without PE', READY, 0, PG, '#GP'],
  ['PG with LME, PAE clear', { ...READY, cr4: 0n }, 0, PG | PE, '#GP'],
  ['PG with LME, CS.L set', { ...READY, cs_attributes: 0xe09bn }, 0, PG | PE, '#GP'],
  ['PG with LME, TR a TSS of 16 bits', { ...READY, tr_attributes: 0x83n }, 0, PG | PE, '#GP'],
  ['PG without LME, PAE set', { ...READY, efer: 0n }, 0, PG | PE, 'PAE paging without long mode'],
  ['PG without LME and PAE', { ...READY, efer: 0n, cr4: 0n }, 0, PG | PE, '2-level paging'],
  ['PE cleared', READY, 0, ET, 'real-address mode'],
  ['NW without CD', READY, 0, PE | NW, '#GP'],
  ['NW with CD', READY, 0, PE | NW | CD, PE | ET | NW | CD],
  ['bit 32 of CR0', LONG, 0, PG | PE | (1n << 32n), '#GP'],
  ['bit 63 of CR0', LONG, 0, PG | PE | (1n << 63n), '#GP'],
  ['reserved low bits of CR0 are ignored, ET is 1', READY, 0, PE | 0x1ffa_ffc0n, PE | ET],
  ['all of CR0', LONG, 0, PG | PE | MP | EM | TS | NE | WP | AM, PG | PE | MP | EM | TS | ET | NE | WP | AM],
  ['PG cleared by 64-bit code', LONG, 0, PE, '#GP'],
  ['PG cleared by compatibility code', COMPATIBILITY, 0, PE, PE | ET],
  ['PG cleared under PCIDE', { ...COMPATIBILITY, cr4: CR4.PAE | CR4.PCIDE }, 0, PE, '#GP'],

  ['CR2 takes anything', LONG, 2, 0x8000_0000_0000_0000n, 0x8000_0000_0000_0000n],

  ['CR3', LONG, 3, 0x12_3456_7018n, 0x12_3456_7018n],
  ['CR3 up to MAXPHYADDR', LONG, 3, 0xff_ffff_f000n, 0xff_ffff_f000n],
  ['CR3 at MAXPHYADDR', LONG, 3, 1n << 40n, '#GP'],
  ['CR3 bit 61 (LAM)', LONG, 3, 1n << 61n, '#GP'],
  ['CR3 bit 63 without PCIDE', LONG, 3, 1n << 63n, '#GP'],
  ['CR3 bit 63 under PCIDE is not kept', { ...LONG, cr4: CR4.PAE | CR4.PCIDE }, 3, (1n << 63n) | 0x7fffn, 0x7fffn],
  ['CR3 bit 62 under PCIDE', { ...LONG, cr4: CR4.PAE | CR4.PCIDE }, 3, 1n << 62n, '#GP'],

  ['PAE cleared in long mode', LONG, 4, 0n, '#GP'],
  ['PAE cleared outside', READY, 4, 0n, 0n],
  ['LA57 set in long mode', LONG, 4, CR4.PAE | CR4.LA57, '#GP'],
  ['LA57 cleared in long mode', { ...COMPATIBILITY, cr4: CR4.PAE | CR4.LA57 }, 4, CR4.PAE, '#GP'],
  ['LA57 kept in long mode', { ...LONG, cr4: CR4.PAE | CR4.LA57 }, 4, CR4.PAE | CR4.LA57, CR4.PAE | CR4.LA57],
  ['LA57 outside', READY, 4, CR4.PAE | CR4.LA57, CR4.PAE | CR4.LA57],
  ['PCIDE in long mode', LONG, 4, CR4.PAE | CR4.PCIDE, CR4.PAE | CR4.PCIDE],
  ['PCIDE outside', READY, 4, CR4.PAE | CR4.PCIDE, '#GP'],
  ['PCIDE with CR3 bit 3', { ...LONG, cr3: 0x5008n }, 4, CR4.PAE | CR4.PCIDE, '#GP'],
  [
    'PCIDE kept with a PCID',
    { ...LONG, cr4: CR4.PAE | CR4.PCIDE, cr3: 0x5008n },
    4,
    CR4.PAE | CR4.PCIDE,
    CR4.PAE | CR4.PCIDE,
  ],
  ['PCIDE cleared with a PCID', { ...LONG, cr4: CR4.PAE | CR4.PCIDE, cr3: 0x5008n }, 4, CR4.PAE, CR4.PAE],
  ...[0n, 1n, 6n, 11n, 13n, 14n, 15n, 19n, 23n, 25n, 31n, 32n, 63n].map(
    (bit) => [`CR4 bit ${bit} is reserved`, LONG, 4, CR4.PAE | (1n << bit), '#GP'] as const,
  ),
  ...(
    [
      'TSD',
      'DE',
      'PSE',
      'PGE',
      'PCE',
      'OSFXSR',
      'OSXMMEXCPT',
      'FSGSBASE',
      'OSXSAVE',
      'SMEP',
      'SMAP',
      'PKE',
      'PKS',
    ] as const
  ).map((name) => [`CR4.${name}`, LONG, 4, CR4.PAE | CR4[name], CR4.PAE | CR4[name]] as const),

  ['CR8', LONG, 8, 15n, 15n],
  ['CR8 bit 4', LONG, 8, 16n, '#GP'],
  ['CR8 bit 63', LONG, 8, 1n << 63n, '#GP'],
  ...[1, 5, 6, 7, 9, 15].map((n) => [`CR${n}`, LONG, n, 0n, '#UD'] as const),
];

describe('MOV to control registers (SDM vol. 2B)', () => {
  it.each(WRITES)('%s', (_, registers, n, value, expected) => {
    const rig = new ControlRig().set(registers);
    const before = ['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'].map((name) => rig.get(name));
    rig.set({ t0: value });
    const outcome = rig.call('writeControl', n);
    expect(outcome).toBe(typeof expected === 'string' ? expected : '');
    if (typeof expected === 'string') {
      expect(['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'].map((name) => rig.get(name))).toEqual(before);
    } else {
      expect(rig.call('readControl', n)).toBe('');
      expect(rig.get('t0')).toBe(expected);
    }
  });

  it('LMA follows PG, and code of 64 bits begins with a CS that has L', () => {
    const rig = new ControlRig().set({ ...READY, cs_attributes: 0xc09bn, t0: PG | PE });
    rig.call('writeControl', 0);
    expect([rig.get('efer'), rig.get('code_mode') & 3n]).toEqual([LME | LMA, 1n]);
    rig.set({ t0: PE });
    rig.call('writeControl', 0);
    expect([rig.get('efer'), rig.get('code_mode') & 3n]).toEqual([LME, 1n]);
  });

  it('each change is one of the context', () => {
    for (const [n, value] of [
      [0, PG | PE | WP],
      [3, 0x6000n],
      [4, CR4.PAE | CR4.SMAP],
    ] as const) {
      const rig = new ControlRig().set({ ...LONG, t0: value });
      const { contextEpoch } = rig.hart;
      rig.call('writeControl', n);
      expect(rig.hart.contextEpoch).toBeGreaterThan(contextEpoch);
    }
  });
});

describe('LMSW and CLTS', () => {
  it.each([
    ['LMSW sets PE, MP, EM and TS', READY, 0xffffn, PE | MP | EM | TS | ET],
    ['LMSW cannot clear PE', READY, 0n, PE | ET],
    ['LMSW clears the others', { ...READY, cr0: PE | MP | EM | TS | ET | WP }, 0n, PE | ET | WP],
  ])('%s', (_, registers, t0, expected) => {
    const rig = new ControlRig().set({ ...registers, t0 });
    expect([rig.call('lmsw'), rig.get('cr0')]).toEqual(['', expected]);
  });

  it('CLTS clears TS alone', () => {
    const rig = new ControlRig().set({ ...LONG, cr0: PG | PE | ET | TS | MP });
    expect([rig.call('clts'), rig.get('cr0')]).toEqual(['', PG | PE | ET | MP]);
  });
});

const DR6_RESET = 0xffff_0ff0n;

/** Clause, registers, number, value or undefined to read, trap or what it reads as afterwards. */
const DEBUG: readonly (readonly [string, Registers, number, bigint | undefined, string | bigint])[] = [
  ['DR0 takes anything', {}, 0, 0x8000_0000_0000_0000n, 0x8000_0000_0000_0000n],
  ['DR6: what is fixed', {}, 6, 0n, DR6_RESET],
  ['DR6: what is not', {}, 6, 0xffff_ffffn, 0xffff_efffn],
  ['DR6 bit 32', {}, 6, 1n << 32n, '#GP'],
  ['DR7: what is fixed', {}, 7, 0n, 0x400n],
  ['DR7: what is not, GD apart', {}, 7, 0xffff_dfffn, 0xffff_07ffn],
  ['DR7 bit 63', {}, 7, 1n << 63n, '#GP'],
  ['DR4 is DR6', {}, 4, 1n, DR6_RESET | 1n],
  ['DR5 is DR7', {}, 5, 1n, 0x401n],
  ['DR4 under CR4.DE', { cr4: CR4.DE }, 4, 1n, '#UD'],
  ['DR5 under CR4.DE, read', { cr4: CR4.DE }, 5, undefined, '#UD'],
  ['DR8', {}, 8, 0n, '#UD'],
  ['at CPL 3', { cpl: 3n }, 0, undefined, '#GP'],
  ['DR5 under CR4.DE at CPL 3', { cr4: CR4.DE, cpl: 3n }, 5, undefined, '#UD'],
  ['under DR7.GD, read', { dr7: 0x2400n }, 0, undefined, '#DB'],
  ['under DR7.GD, written', { dr7: 0x2400n }, 7, 0n, '#DB'],
  ['under DR7.GD at CPL 3', { dr7: 0x2400n, cpl: 3n }, 7, 0n, '#GP'],
  ['under DR7.GD and CR4.DE', { dr7: 0x2400n, cr4: CR4.DE }, 4, 0n, '#UD'],
];

describe('MOV of debug registers (SDM vol. 2B)', () => {
  it.each(DEBUG)('%s', (_, registers, n, value, expected) => {
    const rig = new ControlRig().set(registers);
    let outcome = '';
    if (value !== undefined) outcome = rig.set({ t0: value }).call('writeDebug', n);
    if (outcome === '') outcome = rig.call('readDebug', n);
    expect(outcome === '' ? rig.get('t0') : outcome).toBe(expected);
  });
});

/** Instruction, registers, and the trap or ''. */
const CHECKS: readonly (readonly [string, Registers, string])[] = [
  ['readControl', { cpl: 3n }, '#GP'],
  ['writeControl', { cpl: 1n }, '#GP'],
  ['lmsw', { cpl: 3n }, '#GP'],
  ['clts', { cpl: 2n }, '#GP'],
  ['rdmsr', { cpl: 3n, rcx: 0x10n }, '#GP'],
  ['wrmsr', { cpl: 3n, rcx: 0x10n }, '#GP'],
  ['invlpg', { cpl: 3n }, '#GP'],
  ['invpcid', { cpl: 3n }, '#GP'],
  ['wbinvd', { cpl: 3n }, '#GP'],
  ['wbinvd', {}, ''],
  ['rdpmc', {}, '#GP'],
  ['rdpmc', { cpl: 3n, cr4: CR4.PCE }, '#GP'],
  ['rdtsc', { cpl: 3n }, ''],
  ['rdtsc', { cpl: 3n, cr4: CR4.TSD }, '#GP'],
  ['rdtsc', { cr4: CR4.TSD }, ''],
  ['rdtscp', { cpl: 3n, cr4: CR4.TSD }, '#GP'],
  ['clac', { cpl: 3n }, '#UD'],
  ['stac', { cpl: 3n }, '#UD'],
  ['stac', {}, ''],
  ['xgetbv', {}, '#UD'],
  ['xgetbv', { cr4: CR4.OSXSAVE, rcx: 1n }, '#GP'],
  ['xgetbv', { cr4: CR4.OSXSAVE, cpl: 3n, rcx: 1n << 32n }, ''],
  ['xsetbv', { rax: 1n }, '#UD'],
  ['xsetbv', { cr4: CR4.OSXSAVE, cpl: 3n, rax: 1n }, '#GP'],
  ['xsetbv', { cr4: CR4.OSXSAVE, rcx: 1n, rax: 1n }, '#GP'],
  ['xsetbv', { cr4: CR4.OSXSAVE, rax: 2n }, '#GP'],
  ['xsetbv', { cr4: CR4.OSXSAVE, rax: 7n }, '#GP'],
  ['xsetbv', { cr4: CR4.OSXSAVE, rax: 3n, rdx: 1n }, '#GP'],
  ['xsetbv', { cr4: CR4.OSXSAVE, rax: 3n, rdx: 1n << 32n }, ''],
  ['rdpkru', {}, '#UD'],
  ['rdpkru', { cr4: CR4.PKE, rcx: 1n }, '#GP'],
  ['rdpkru', { cr4: CR4.PKE, cpl: 3n }, ''],
  ['wrpkru', {}, '#UD'],
  ['wrpkru', { cr4: CR4.PKE, rcx: 1n }, '#GP'],
  ['wrpkru', { cr4: CR4.PKE, rdx: 1n }, '#GP'],
  ['wrpkru', { cr4: CR4.PKE, cpl: 3n }, ''],
  ['requireFsGsBase', {}, '#UD'],
  ['requireFsGsBase', { cr4: CR4.FSGSBASE }, ''],
];

describe('who may use which instruction', () => {
  it.each(CHECKS)('%s %o: %s', (helper, registers, expected) => {
    expect(new ControlRig().set(registers).call(helper, 0)).toBe(expected);
  });

  it.each([
    ['canonical in 48 bits', 0xffff_8000_0000_0000n, ''],
    ['canonical in 57 bits alone, whatever CR4.LA57 says', 0x00ff_ffff_ffff_ffffn, ''],
    ['canonical in no mode', 0x0100_0000_0000_0000n, '#GP'],
  ])('WRFSBASE of an address %s', (_, t0, expected) => {
    const rig = new ControlRig().set({ cr4: CR4.FSGSBASE, t0 });
    expect(rig.call('writeBase', 4)).toBe(expected);
    expect(rig.get('fs_base')).toBe(expected === '' ? t0 : 0n);
  });

  it('RDPKRU and WRPKRU move 32 bits, and clear EDX and the upper half of RAX', () => {
    const rig = new ControlRig().set({ cr4: CR4.PKE, rax: 0x1234_5678_8765_4321n, rdx: 1n << 32n });
    expect(rig.call('wrpkru')).toBe('');
    expect(rig.call('rdpkru')).toBe('');
    expect([rig.get('rax'), rig.get('rdx')]).toEqual([0x8765_4321n, 0n]);
  });
});
