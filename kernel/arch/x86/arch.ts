import { type Hart, type Isa, targetNamed } from '../../../machine/index.ts';
import type { Arch, UserContext } from '../arch.ts';
import { acknowledge, interrupt, setTimer } from './apic.ts';
import { boot, GATE_BASE } from './boot.ts';
import { CALL_NAMES } from './calls.ts';
import { enterUser, newContext, register, saveUser } from './context.ts';
import { kernelStack } from './descriptors.ts';
import { classify, pageFault } from './fault.ts';
import { frameWord, fromUser, pretend, restoreFrame, returnFromTrap, saveFrame } from './frame.ts';
import { FIVE_LEVEL_LAYOUT, FOUR_LEVEL_LAYOUT } from './layout.ts';
import { FIVE_LEVEL, FOUR_LEVEL } from './page-table.ts';
import { control, setTls } from './prctl.ts';
import { cr3, MAX_PCID, RFLAGS } from './registers.ts';

function machineTarget(): Isa {
  const found = targetNamed('x86-64');
  if (!found) throw new Error('the machine has no such target');
  return found;
}

const isa = machineTarget();

const ARGUMENTS = ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const;
const SYSCALL_BYTES = 2n;
const KEYS = 16;

/** AT_HWCAP: EDX of CPUID leaf 1, for a machine of one hart. */
const HWCAP = 0x0789_ab7dn;
/** AT_HWCAP2 (Linux's asm/hwcap2.h): user code may use the FSGSBASE instructions. */
const HWCAP2_FSGSBASE = 2n;

/** The 64-bit mode of x86-64 under Linux's conventions. */
export const X86_64: Arch = {
  isa,
  gateBase: GATE_BASE,
  modes: [
    { format: FOUR_LEVEL, layout: FOUR_LEVEL_LAYOUT },
    { format: FIVE_LEVEL, layout: FIVE_LEVEL_LAYOUT },
  ],

  setsAccessedDirty: true,
  boot,
  maxAsid: MAX_PCID,
  activate: (hart, _format, root, asid) => isa.writeSystem(hart, 'cr3', cr3(root, asid)),
  invalidate,
  setUserAccess: (hart, open) => isa.perform(hart, open ? 'stac' : 'clac'),

  classify,
  pretend,
  pageFault,
  trapPc: (hart) => frameWord(hart, 'rip'),
  fromUser,
  saveTrapState: saveFrame,
  restoreTrapState: restoreFrame,
  returnFromTrap,

  saveUser,
  enterUser,
  canonicalEntry: true,
  newContext,

  callNumber: (context) => Number(BigInt.asIntN(32, register(context, 'rax'))),
  callArguments: (context) => ARGUMENTS.map((name) => register(context, name)),
  setResult: (context, value) => context.registers.set('rax', BigInt.asUintN(64, value)),
  // SYSCALL leaves the address behind it.
  restartCall(context) {
    context.pc = BigInt.asUintN(64, context.pc - SYSCALL_BYTES);
  },
  skipCall() {},
  setStack: (context, stack) => context.registers.set('rsp', stack),
  setTls,
  callNames: CALL_NAMES,
  ownCalls: new Map(),
  differs: { linksFirst: true, restorer: true, tlsLast: true },
  protectionKeys: { count: KEYS, deny },
  control,

  // psABI, "The Stack Frame": where RBP points lies the caller's RBP, and above it the return address.
  frame: { returnAddress: 8n, caller: 0n },
  link: undefined,

  // STI and HLT, on an empty stack.
  idle(hart) {
    hart.set(isa.sp, kernelStack(hart));
    isa.writeSystem(hart, 'rflags', RFLAGS.FIXED | RFLAGS.IF);
  },
  setTimer,
  interrupt,
  acknowledge,
  hwcap: HWCAP,
  hwcap2: HWCAP2_FSGSBASE,
  platform: 'x86_64',
  machineName: 'x86_64',
};

/** PKRU has two bits for each key: no access, no write (SDM vol. 3A, 4.6.2). */
function deny(context: UserContext, key: number, what: number): void {
  const shift = BigInt(2 * key);
  context.registers.set('pkru', (register(context, 'pkru') & ~(3n << shift)) | (BigInt(what) << shift));
}

/** INVPCID's types: one address of a PCID, all of a PCID, everything. */
const ONE_ADDRESS = 0n;
const ONE_CONTEXT = 1n;
const EVERYTHING = 2n;

/**
 * INVPCID. A hart that runs user code would be brought to the kernel by an interrupt, invalidate and go back; here that is
 * done in its place at once. No type takes one address of every PCID, so that all go.
 */
function invalidate(hart: Hart, address: bigint | undefined, asid: number | undefined): void {
  const cpl = isa.slots.get('cpl');
  const level = hart.get32(cpl);
  hart.set32(cpl, 0);
  const type = asid === undefined ? EVERYTHING : address === undefined ? ONE_CONTEXT : ONE_ADDRESS;
  isa.perform(hart, 'invpcid', type, BigInt(asid ?? 0), address ?? 0n);
  hart.set32(cpl, level);
}
