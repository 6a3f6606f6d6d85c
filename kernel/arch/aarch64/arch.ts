import { type Hart, type Isa, targetNamed } from '../../../machine/index.ts';
import type { Arch } from '../arch.ts';
import { boot, GATE_BASE } from './boot.ts';
import { CALL_NAMES } from './calls.ts';
import { enterUser, newContext, register, returnFromTrap, saveUser } from './context.ts';
import { classify, fromUser, pageFault } from './fault.ts';
import { emulate } from './identification.ts';
import { VA39_LAYOUT, VA48_LAYOUT } from './layout.ts';
import { VA39, VA48 } from './page-table.ts';
import { CNTV, IPI_LINE, SPSR, ttbr0 } from './registers.ts';

function machineTarget(): Isa {
  const found = targetNamed('aarch64');
  if (!found) throw new Error('the machine has no such target');
  return found;
}

const isa = machineTarget();

/** What a nested trap overwrites, in the order in which it is saved. */
const TRAP_STATE = ['elr_el1', 'spsr_el1', 'esr_el1', 'far_el1'] as const;

const ARGUMENTS = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'] as const;

/** AT_HWCAP (Linux's asm/hwcap.h): FP, ASIMD, CRC32, ATOMICS, CPUID and LRCPC. */
const HWCAP = [0n, 1n, 7n, 8n, 11n, 15n].reduce((bits, bit) => bits | (1n << bit), 0n);

/** A64 under Linux's conventions. */
export const AARCH64: Arch = {
  isa,
  gateBase: GATE_BASE,
  modes: [
    { format: VA48, layout: VA48_LAYOUT },
    { format: VA39, layout: VA39_LAYOUT },
  ],

  boot,
  activate: (hart, _format, root, asid) => isa.writeSystem(hart, 'ttbr0_el1', ttbr0(root, asid)),
  invalidate,
  setUserAccess: (hart, open) => isa.writeSystem(hart, 'pan', open ? 0n : SPSR.PAN),

  classify,
  pageFault,
  trapPc: (hart) => isa.readSystem(hart, 'elr_el1'),
  fromUser,
  saveTrapState: (hart) => TRAP_STATE.map((name) => isa.readSystem(hart, name)),
  restoreTrapState(hart, state) {
    TRAP_STATE.forEach((name, i) => {
      isa.writeSystem(hart, name, state[i]);
    });
  },
  returnFromTrap,
  emulate,

  saveUser,
  enterUser,
  newContext,

  callNumber: (context) => Number(BigInt.asIntN(32, register(context, 'x8'))),
  callArguments: ({ registers }) => ARGUMENTS.map((name) => registers.get(name) ?? 0n),
  setResult: (context, value) => context.registers.set('x0', BigInt.asUintN(64, value)),
  // ELR_EL1 is the address behind the SVC.
  restartCall(context) {
    context.pc = BigInt.asUintN(64, context.pc - 4n);
  },
  skipCall() {},
  setStack: (context, stack) => context.registers.set('sp', stack),
  setTls: (context, tls) => context.registers.set('tpidr_el0', tls),
  callNames: CALL_NAMES,
  ownCalls: new Map(),

  // AAPCS64, "The Frame Pointer": a record of the caller's and the return address lies where it points.
  frame: { returnAddress: 8n, caller: 0n },
  link: 'x30',

  setTimer(hart, ticks) {
    if (ticks !== undefined) isa.writeSystem(hart, 'cntv_cval_el0', ticks);
    isa.writeSystem(hart, 'cntv_ctl_el0', ticks === undefined ? 0n : CNTV.ENABLE);
  },
  // What an interrupt controller does when it is sent a software-generated interrupt, done directly.
  interrupt: (hart) => hart.setLine(IPI_LINE, true),
  acknowledge: (hart) => hart.setLine(IPI_LINE, false),
  hwcap: HWCAP,
  hwcap2: 0n,
  platform: 'aarch64',
  machineName: 'aarch64',
};

/**
 * TLBI, on one hart alone. The kernel would have it broadcast to the others, or bring them in by an interrupt; here it
 * is done in their place at once, the DSB before and behind it being implied.
 */
function invalidate(hart: Hart, address: bigint | undefined, asid: number | undefined): void {
  const state = isa.readSystem(hart, 'pstate');
  const user = (state & SPSR.M) === 0n;
  if (user) isa.writeSystem(hart, 'pstate', state | SPSR.M_EL1H);
  const id = BigInt(asid ?? 0) << 48n;
  const page = address === undefined ? 0n : BigInt.asUintN(44, address >> 12n);
  if (address === undefined) isa.perform(hart, asid === undefined ? 'tlbi vmalle1' : 'tlbi aside1', id);
  else isa.perform(hart, asid === undefined ? 'tlbi vaae1' : 'tlbi vae1', id | page);
  if (user) isa.writeSystem(hart, 'pstate', state);
}
