// Exception generation, hints, barriers, system instructions and register moves (Arm ARM C4.1.93).
import type { Row } from '../decode/index.ts';
import type { Builder } from '../ir/index.ts';
import { branchTarget } from './branch-target.ts';
import { EC, esr } from './causes.ts';
import { SLOTS, SP, X } from './registers.ts';
import { requireFp, row, setX, x } from './row.ts';
import { SYSTEM_REGISTER_NUMBERS, systemKey } from './sysreg-names.ts';
import { PSTATE_FIELD } from './system.ts';

const ELR = SLOTS.get('elr_el1');
const TPIDR_EL0 = SLOTS.get('tpidr_el0');
/** Which registers an access touches only the helper knows, and by exception level or side effect it may be any. */
const CONTROL = [SP, ...SLOTS.slots.filter(({ group }) => group === 'control' || group === 'hidden')];
const EFFECTS = { reads: CONTROL, writes: CONTROL };

const registers = (Rt: number) => (Rt === 31 ? [] : [X[Rt]]);

/** An exception always, for reasons in the encoding alone. */
const raise = (b: Builder, ec: number, iss = 0): void => b.trapIf(b.i32(1), esr(ec, iss), b.i64(0n));
const undefinedInstruction = (b: Builder): void => raise(b, EC.unknown);

/** A helper that takes nothing from the instruction. */
const call = (helper: string) => (b: Builder) => b.call(helper, [], EFFECTS);
const nothing = (): void => {};

const number = (name: string): number => SYSTEM_REGISTER_NUMBERS.get(name) ?? Number.NaN;
const FLOAT: ReadonlySet<number> = new Set([number('fpcr'), number('fpsr')]);
/** Every thread reads its pointer: a plain slot, open to all. */
const THREAD_POINTER = number('tpidr_el0');
/** One number with a name for each direction: DBGDTRRX_EL0 is read, DBGDTRTX_EL0 written. */
const CHANNEL = number('dbgdtrrx_el0');

type Fields = { readonly op1: number; readonly CRn: number; readonly CRm: number; readonly op2: number };
type Register = Fields & { readonly o0: number; readonly Rt: number };
const registerKey = ({ o0, ...rest }: Register): number => systemKey({ op0: 2 + o0, ...rest });

function readRegister(b: Builder, fields: Register): void {
  const key = registerKey(fields);
  const { Rt } = fields;
  if (FLOAT.has(key)) requireFp(b);
  if (key === THREAD_POINTER) setX(b, Rt, b.get(TPIDR_EL0));
  else b.call('mrs', [key, Rt], { reads: CONTROL, writes: [...CONTROL, ...registers(Rt)] });
}

function writeRegister(b: Builder, fields: Register): void {
  const key = registerKey(fields);
  const { Rt } = fields;
  if (FLOAT.has(key)) requireFp(b);
  if (key === THREAD_POINTER) b.set(TPIDR_EL0, x(b, Rt));
  else b.call('msr', [key, Rt], { reads: [...CONTROL, ...registers(Rt)], writes: CONTROL });
}

/** MSR (immediate) of the field that op1 and op2 number. */
const msrImmediate = (name: keyof typeof PSTATE_FIELD, op1: '000' | '011', op2: '100' | '101' | '110' | '111') =>
  row(`1101010100 0 00 ${op1} 0100 CRm ${op2} 11111`, `msr ${name}, #0xCRm`, (b, { CRm }) =>
    b.call('msr.immediate', [PSTATE_FIELD[name], CRm], EFFECTS),
  );

/** Hints with a meaning here; all others are NOPs, those of absent extensions among them. */
const HINTS: Readonly<Record<number, string>> = { 2: 'wfe', 3: 'wfi', 4: 'sev', 5: 'sevl' };

export const A64_SYSTEM: readonly Row[] = [
  row('11010100 000 imm16 000 01', 'svc #0ximm16', (b, { imm16 }) => raise(b, EC.svc, imm16)),
  row('11010100 000 imm16 000 10', 'hvc #0ximm16', call('hvc')),
  // There is no EL3.
  row('11010100 000 imm16 000 11', 'smc #0ximm16', undefinedInstruction),
  row('11010100 001 imm16 000 00', 'brk #0ximm16', (b, { imm16 }) => raise(b, EC.brk, imm16)),
  row('11010100 010 imm16 000 00', 'hlt #0ximm16', (b, { imm16 }) => b.call('hlt', [imm16], EFFECTS)),
  // These belong to Debug state.
  row('11010100 101 imm16 000 01', 'dcps1{ #0ximm16}', undefinedInstruction),
  row('11010100 101 imm16 000 10', 'dcps2{ #0ximm16}', undefinedInstruction),
  row('11010100 101 imm16 000 11', 'dcps3{ #0ximm16}', undefinedInstruction),
  row('1101011 0100 11111 000000 11111 00000', 'eret', (b) => {
    b.call('eret', [], EFFECTS);
    b.jump(branchTarget(b, b.get(ELR)));
  }),
  row('1101011 0101 11111 000000 11111 00000', 'drps', undefinedInstruction),

  row('1101010100 0 00 011 0010 CRm op2 11111', 'hint #0xhint', (b, { CRm, op2 }) => {
    const helper = HINTS[CRm * 8 + op2];
    if (helper !== undefined) b.call(helper, [], EFFECTS);
  }),
  // Harts take turns and their accesses are made in order.
  row('1101010100 0 00 011 0011 CRm 100 11111', 'dsb barrier', nothing),
  row('1101010100 0 00 011 0011 CRm 101 11111', 'dmb barrier', nothing),
  row('1101010100 0 00 011 0011 CRm 110 11111', 'isb clrex', nothing),

  msrImmediate('spsel', '000', '101'),
  msrImmediate('pan', '000', '100'),
  msrImmediate('daifset', '011', '110'),
  msrImmediate('daifclr', '011', '111'),

  row(`1101010100 0 01 op1 CRn CRm op2 Rt`, 'sys #op1, Cn, Cm, #op2, operand', (b, { Rt, ...fields }) =>
    b.call('sys', [systemKey({ op0: 1, ...fields }), Rt], { reads: [...CONTROL, ...registers(Rt)], writes: CONTROL }),
  ),
  // No operation has a result.
  row(`1101010100 1 01 op1 CRn CRm op2 Rt`, 'sysl Xt, #op1, Cn, Cm, #op2', undefinedInstruction),
  row('1101010100 0 1 o0 op1 CRn CRm op2 Rt', 'msr sysreg, Xt', writeRegister, {
    where: (fields) => registerKey(fields) !== CHANNEL,
  }),
  row('1101010100 0 1 0 011 0000 0101 000 Rt', 'msr dbgdtrtx_el0, Xt', (b, { Rt }) =>
    writeRegister(b, { o0: 0, op1: 3, CRn: 0, CRm: 5, op2: 0, Rt }),
  ),
  row('1101010100 1 1 o0 op1 CRn CRm op2 Rt', 'mrs Xt, sysreg', readRegister),
];
