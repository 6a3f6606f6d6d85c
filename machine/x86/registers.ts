import { type Slot, type SlotDeclaration, SlotTable } from '../ir/index.ts';

/** General registers by their number in ModRM and REX (SDM vol. 2A, 2.2.1.2). */
export const GENERAL_NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/** Segment registers by their number in ModRM.reg, and behind them the two that hold system segments. */
export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;

/** Control registers and MSRs that are a plain register underneath. */
const CONTROL = [
  'cr0',
  'cr2',
  'cr3',
  'cr4',
  'cr8',
  'efer',
  'star',
  'lstar',
  'cstar',
  'fmask',
  'kernel_gs_base',
  'sysenter_cs',
  'sysenter_esp',
  'sysenter_eip',
  'tsc_offset',
  'tsc_aux',
  'pat',
  'apic_base',
  'pkrs',
  'xcr0',
  'dr0',
  'dr1',
  'dr2',
  'dr3',
  'dr6',
  'dr7',
  'gdtr_base',
  'idtr_base',
];

const i64 = (name: string, group: SlotDeclaration['group']): SlotDeclaration => ({ name, type: 'i64', group });
const i32 = (name: string, group: SlotDeclaration['group']): SlotDeclaration => ({ name, type: 'i32', group });
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

const declarations: SlotDeclaration[] = [
  i64('rip', 'general'),
  ...GENERAL_NAMES.map((name) => i64(name, 'general')),
  // The status flags and DF: 0 or 1 each, but for pf, a byte whose even parity is the flag, which costs nothing to write.
  ...['cf', 'pf', 'af', 'zf', 'sf', 'of', 'df'].map((name) => i32(name, 'control')),
  // All other flags, each at its place in RFLAGS: TF, IF, IOPL, NT, RF, VM, AC, VIF, VIP, ID.
  i32('flags', 'control'),
  // A segment register is its selector and the descriptor that was loaded with it: base, limit in bytes, and attributes,
  // which are bits 40 to 55 of the descriptor without the limit's (so L is bit 13, D/B bit 14, G bit 15).
  ...SEGMENT_NAMES.flatMap((name) => [
    i32(name, 'control'),
    i64(`${name}_base`, 'control'),
    i32(`${name}_limit`, 'control'),
    i32(`${name}_attributes`, 'control'),
  ]),
  ...CONTROL.map((name) => i64(name, 'control')),
  i32('gdtr_limit', 'control'),
  i32('idtr_limit', 'control'),
  i32('pkru', 'control'),
  // x87. Registers by physical number, each the 64 bits of its significand and, above, its sign and exponent. ftw has a
  // bit for each register that is not empty, as FXSAVE keeps it.
  ...numbers(8).flatMap((i) => [i64(`fpr${i}`, 'float'), i32(`fpr${i}_high`, 'float')]),
  ...['fcw', 'fsw', 'ftw', 'fop'].map((name) => i32(name, 'float')),
  i64('fip', 'float'),
  i64('fdp', 'float'),
  i32('mxcsr', 'float'),
  ...numbers(16).map((i): SlotDeclaration => ({ name: `xmm${i}`, type: 'v128', group: 'float' })),
  // The current privilege level is CS's and SS's, but state of its own: 0 to 3.
  i32('cpl', 'hidden'),
  // How code is decoded now (`CODE_64` and its like), which follows from CR0, EFER and CS.
  i32('code_mode', 'hidden'),
  // What SSE, x87 and MMX instructions raise before all else, which follows from CR0 and CR4: 0 or the vector.
  i32('sse_trap', 'hidden'),
  i32('fpu_trap', 'hidden'),
  i32('mmx_trap', 'hidden'),
  // 64 less the bits of linear addresses: 16, or 7 under CR4.LA57.
  i64('canonical_shift', 'hidden'),
  // Instructions begun when STI or a load of SS last held interrupts back for one instruction, plus one; 0: never.
  // Bit 63 is set for SS, whose load holds debug exceptions back too.
  i64('shadow', 'hidden'),
  // Debugging: 1 where the instruction now done began with TF set; the address, plus one, of the instruction that runs
  // under RF; bits for DR6 of data breakpoints that were met and not yet told of.
  i32('stepped', 'hidden'),
  i64('resumed', 'hidden'),
  i64('debug_pending', 'hidden'),
  // Between two iterations of a REP: the address, plus one, of the instruction, else 0; and what of RFLAGS REP CMPS and SCAS
  // began with, else 0.
  i64('repeating', 'hidden'),
  i32('repeat_flags', 'hidden'),
  // The frame that the trap last delivered left: where RSP was then, and what it has (`syndrome.ts`).
  i64('frame', 'hidden'),
  i32('frame_kind', 'hidden'),
  // Values on their way to helpers and back.
  ...numbers(4).map((i) => i64(`t${i}`, 'scratch')),
  ...numbers(3).map((i): SlotDeclaration => ({ name: `w${i}`, type: 'v128', group: 'scratch' })),
];

/** The register file of an x86-64 hart. */
export const SLOTS = new SlotTable(declarations);

const slots = (names: readonly string[]): readonly Slot[] => names.map((name) => SLOTS.get(name));

export const RIP = SLOTS.get('rip');
/** The general registers by number. */
export const R = slots(GENERAL_NAMES);
export const [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI] = R as readonly [Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot];
export const [CF, PF, AF, ZF, SF, OF, DF] = slots(['cf', 'pf', 'af', 'zf', 'sf', 'of', 'df']) as readonly [
  Slot,
  Slot,
  Slot,
  Slot,
  Slot,
  Slot,
  Slot,
];
export const FLAGS = SLOTS.get('flags');
/** A segment register's parts, by number in ModRM.reg; 6 is LDTR, 7 TR. */
export const SELECTOR = slots(SEGMENT_NAMES);
export const BASE = slots(SEGMENT_NAMES.map((name) => `${name}_base`));
export const LIMIT = slots(SEGMENT_NAMES.map((name) => `${name}_limit`));
export const ATTRIBUTES = slots(SEGMENT_NAMES.map((name) => `${name}_attributes`));
export const XMM = slots(numbers(16).map((i) => `xmm${i}`));
export const MXCSR = SLOTS.get('mxcsr');
export const CPL = SLOTS.get('cpl');
export const CODE_MODE = SLOTS.get('code_mode');
export const SSE_TRAP = SLOTS.get('sse_trap');
export const FPU_TRAP = SLOTS.get('fpu_trap');
export const MMX_TRAP = SLOTS.get('mmx_trap');
export const CANONICAL_SHIFT = SLOTS.get('canonical_shift');
export const SHADOW = SLOTS.get('shadow');
export const REPEATING = SLOTS.get('repeating');
export const REPEAT_FLAGS = SLOTS.get('repeat_flags');
/** 64-bit and 128-bit values on their way to helpers and back. */
export const T = slots(numbers(4).map((i) => `t${i}`));
export const W = slots(numbers(3).map((i) => `w${i}`));

/** Numbers of the segment registers. */
export const SEGMENT = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5, ldtr: 6, tr: 7 } as const;

/** Values of code_mode: 64-bit mode; protected or compatibility mode with 32-bit or 16-bit code. */
export const CODE_64 = 0;
export const CODE_32 = 1;
export const CODE_16 = 2;
/** Added to a code mode outside 64-bit mode where the stack pointer has 16 bits. */
export const SMALL_STACK = 4;
