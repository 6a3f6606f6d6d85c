import { type Isa, Machine } from '../machine/index.ts';
import type { TrapClass } from './arch/arch.ts';
import { archOf } from './arch/targets.ts';
import type { FaultPolicy } from './options.ts';
import type { HandlerStep, PageFaultInfo } from './record.ts';

/** A way that a fault may go: what decides it, the steps tried in order until one resolves it, and the end if none does. */
export interface StepOrder {
  /** What the kernel's own walk finds; undefined: nothing is asked. */
  readonly found: string | undefined;
  readonly steps: readonly HandlerStep['step'][];
  /** What follows where no step resolved the fault. */
  readonly otherwise: string;
}

/** What a fault of memory is to the handler of one policy, as far as registers tell it. */
export interface PolicyReading {
  readonly policy: FaultPolicy;
  readonly info: Omit<PageFaultInfo, 'corrected'>;
  readonly orders: readonly StepOrder[];
}

/** What the kernel would make of a trap's registers alone. */
export interface TrapReading {
  readonly kind: TrapClass['kind'];
  readonly fromUser: boolean;
  /** What comes of it, where it is no fault of memory. */
  readonly end: string | undefined;
  /** A fault of memory, as each policy reads it. */
  readonly policies: readonly PolicyReading[];
}

/** Bytes of RAM of the machine whose registers are set; no access is made. */
const MEMORY = 1 << 20;

/**
 * Reads a trap from values of the registers on a list of `Isa.trapRegisters`, by what the kernel's entry reads them with;
 * a register without a value is 0. `undefined`: firmware takes that trap, and the kernel never sees it.
 */
export function readTrap(isa: Isa, values: ReadonlyMap<string, bigint>): TrapReading | undefined {
  const arch = archOf(isa);
  if (!arch.pretend && !isa.trapRegisters[0].some((name) => values.has(name))) return undefined;
  const console = { output: () => {}, input: () => -1 };
  const { harts } = new Machine({ isa, memory: MEMORY, harts: 1, hardwareAd: true, console });
  const [hart] = harts;
  if (arch.pretend) arch.pretend(hart, values);
  else for (const name of isa.trapRegisters[0]) isa.writeSystem(hart, name, values.get(name) ?? 0n);
  const trap = arch.classify(hart, 'corrected');
  const fromUser = arch.fromUser(hart);
  if (trap.kind !== 'page fault' && trap.kind !== 'memory exception') {
    return { kind: trap.kind, fromUser, end: endOf(trap, fromUser), policies: [] };
  }
  const policies = (['corrected', 'veridian'] as const).map((policy): PolicyReading => {
    const { wasFetch, size, userClosed, ...info } = arch.pageFault(hart, policy);
    const judged = arch.classify(hart, policy);
    const mistaken = fromUser && !info.wasUserMode && judged.kind === 'page fault';
    const otherwise = mistaken
      ? 'a panic: the fault is taken for the kernel’s own'
      : fromUser
        ? signalOf(judged)
        : `with the user-access flag EFAULT (axptr: SIGSEGV), without it a panic`;
    const hard = judged.kind === 'memory exception';
    const orders = hard
      ? [{ found: undefined, steps: [], otherwise }]
      : policy === 'corrected'
        ? correctedOrders(info.wasWrite, wasFetch, otherwise)
        : [{ found: undefined, steps: veridianSteps(info.wasWrite), otherwise }];
    return { policy, info, orders };
  });
  return { kind: trap.kind, fromUser, end: undefined, policies };
}

function signalOf(trap: TrapClass): string {
  return trap.kind === 'memory exception' ? `${trap.signal} (${trap.code})` : 'SIGSEGV';
}

function endOf(trap: TrapClass, fromUser: boolean): string {
  switch (trap.kind) {
    case 'system call':
      return fromUser ? 'a system call' : 'a panic: the kernel makes no system calls';
    case 'exception':
      return fromUser ? `${trap.signal} (${trap.code})` : 'a panic: the kernel executes no such instruction';
    case 'timer':
      return 'the scheduler, and another process’s turn';
    case 'interprocessor':
      return 'the scheduler: another hart called';
    default:
      return `a panic: ${'what' in trap ? trap.what : trap.kind}`;
  }
}

/** By what the walk, made again, says of the access (mm/fault-corrected.ts). */
function correctedOrders(wasWrite: boolean, wasFetch: boolean, otherwise: string): StepOrder[] {
  return [
    {
      found: 'absent, in an area',
      steps: ['demand paging'],
      otherwise,
    },
    {
      found: 'absent, in no area',
      steps: ['demand paging', 'stack growth', ...(wasFetch ? [] : (['demand paging'] as const))],
      otherwise,
    },
    { found: 'present, and denied', steps: wasWrite ? ['copy-on-write'] : [], otherwise },
    { found: 'accessed or dirty clear', steps: ['accessed/dirty'], otherwise: 'SIGKILL: livelock' },
    { found: 'allowed now', steps: ['retry'], otherwise: 'SIGKILL: livelock' },
    { found: 'reserved bits', steps: [], otherwise },
  ];
}

/** Each in turn, whatever the reason (mm/fault-veridian.ts). */
const veridianSteps = (wasWrite: boolean): HandlerStep['step'][] => [
  'demand paging',
  ...(wasWrite ? (['copy-on-write'] as const) : []),
  'stack growth',
];
