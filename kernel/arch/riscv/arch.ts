import { type Hart, type Isa, targetNamed } from '../../../machine/index.ts';
import type { Arch } from '../arch.ts';
import { boot, GATE_BASE } from './boot.ts';
import { CALL_NAMES } from './calls.ts';
import { enterUser, newContext, register, returnFromTrap, saveUser } from './context.ts';
import { classify, pageFault } from './fault.ts';
import { SV39_LAYOUT, SV48_LAYOUT, SV57_LAYOUT } from './layout.ts';
import { SV39, SV48, SV57 } from './page-table.ts';
import { NEVER, SSI, SSTATUS, satp } from './registers.ts';

function machineTarget(): Isa {
  const found = targetNamed('riscv64');
  if (!found) throw new Error('the machine has no such target');
  return found;
}

const isa = machineTarget();

/** What a nested trap overwrites, in the order in which it is saved. */
const TRAP_STATE = ['sepc', 'sstatus', 'scause', 'stval'] as const;

/** A bit for each letter of the ISA string, as Linux's HWCAP has it. */
const HWCAP = [...'IMAFDC'].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 0n);

/** RV64GC under Linux's conventions. */
export const RISCV: Arch = {
  isa,
  gateBase: GATE_BASE,
  modes: [
    { format: SV39, layout: SV39_LAYOUT },
    { format: SV48, layout: SV48_LAYOUT },
    { format: SV57, layout: SV57_LAYOUT },
  ],

  boot,
  activate: (hart, format, root, asid) => isa.writeSystem(hart, 'satp', satp(format.mode, root, asid)),
  invalidate: (hart, address, asid) => sfence(hart, address, asid),
  setUserAccess(hart, open) {
    const status = isa.readSystem(hart, 'sstatus');
    isa.writeSystem(hart, 'sstatus', open ? status | SSTATUS.SUM : status & ~SSTATUS.SUM);
  },

  classify,
  pageFault,
  trapPc: (hart) => isa.readSystem(hart, 'sepc'),
  fromUser: (hart) => (isa.readSystem(hart, 'sstatus') & SSTATUS.SPP) === 0n,
  saveTrapState: (hart) => TRAP_STATE.map((name) => isa.readSystem(hart, name)),
  restoreTrapState(hart, state) {
    TRAP_STATE.forEach((name, i) => {
      isa.writeSystem(hart, name, state[i]);
    });
  },
  returnFromTrap,

  saveUser,
  enterUser,
  newContext,

  callNumber: (context) => Number(BigInt.asIntN(32, register(context, 'x17'))),
  callArguments: ({ registers }) => ['x10', 'x11', 'x12', 'x13', 'x14', 'x15'].map((name) => registers.get(name) ?? 0n),
  setResult: (context, value) => context.registers.set('x10', BigInt.asUintN(64, value)),
  // sepc is the ECALL's own address: to start the call again is to go nowhere.
  restartCall() {},
  skipCall(context) {
    context.pc = BigInt.asUintN(64, context.pc + 4n);
  },
  setStack: (context, stack) => context.registers.set('x2', stack),
  setTls: (context, tls) => context.registers.set('x4', tls),
  callNames: CALL_NAMES,
  ownCalls: new Map([['riscv_flush_icache', 'flush_icache']]),

  // psABI, "Frame Pointer Convention".
  frame: { returnAddress: -8n, caller: -16n },
  link: 'x1',

  setTimer: (hart, ticks) => isa.writeSystem(hart, 'stimecmp', ticks ?? NEVER),
  // What firmware does when it is asked for an inter-processor interrupt, done directly.
  interrupt(hart) {
    const mip = isa.slots.get('mip');
    hart.set(mip, hart.get(mip) | (1n << SSI));
    hart.attention = true;
  },
  acknowledge: (hart) => isa.writeSystem(hart, 'sip', 0n),
  hwcap: HWCAP,
  // Linux gives no AT_PLATFORM here.
  platform: '',
  machineName: 'riscv64',
};

/**
 * SFENCE.VMA in its four forms. A hart that runs user code would be brought to the supervisor by an interrupt, fence and
 * go back; here that is done in its place at once.
 */
function sfence(hart: Hart, address: bigint | undefined, asid: number | undefined): void {
  const mode = isa.readSystem(hart, 'mode');
  if (mode === 0n) isa.writeSystem(hart, 'mode', 1n);
  if (asid === undefined) isa.perform(hart, 'sfence.vma', ...(address === undefined ? [] : [address]));
  else if (address === undefined) isa.perform(hart, 'sfence.vma.asid', BigInt(asid));
  else isa.perform(hart, 'sfence.vma', address, BigInt(asid));
  if (mode === 0n) isa.writeSystem(hart, 'mode', mode);
}
