import type { Hart, Machine, Trap } from '../machine/index.ts';
import type { Arch } from './arch/arch.ts';
import type { HandlerStep, Outcome, PageFaultInfo, Surroundings, TrapFlow } from './record.ts';
import type { Task } from './task/task.ts';

/** Told of every trap that was handled, nested ones inside the one that they were taken in. */
export type Recorder = (flow: TrapFlow) => void;

/** What is read of a trap, from registers that the next one overwrites, when somebody wants to see it. */
type Head = Pick<TrapFlow, 'origin' | 'raw'>;

/** A trap being handled. Little is noted of it at first: the rest is put together only for a recorder or a fatal end. */
export class OpenFlow {
  readonly number: number;
  readonly hart: Hart;
  readonly task: Task | undefined;
  readonly kind: TrapFlow['kind'];
  /** What a nested trap overwrites, for the kernel's return as well as for the record. */
  readonly state: readonly bigint[];
  readonly trap: Readonly<Trap>;
  readonly userAccess: boolean;
  readonly nested: TrapFlow[] = [];
  head: Head | undefined;
  steps: HandlerStep[] | undefined;
  info: PageFaultInfo | undefined;
  call: TrapFlow['call'];
  /** Puts `call` in words when somebody wants to see it. */
  describeCall: (() => TrapFlow['call']) | undefined;
  surroundings: Surroundings | undefined;

  constructor(
    number: number,
    hart: Hart,
    task: Task | undefined,
    kind: TrapFlow['kind'],
    state: readonly bigint[],
    userAccess: boolean,
  ) {
    this.number = number;
    this.hart = hart;
    this.task = task;
    this.kind = kind;
    this.state = state;
    this.trap = { ...hart.trap };
    this.userAccess = userAccess;
  }
}

/** The records of the traps that are being handled, the outermost first. Empty between guest instructions. */
export class Flows {
  readonly recorder: Recorder | undefined;
  private readonly machine: Machine;
  private readonly arch: Arch;
  private readonly open: OpenFlow[] = [];
  /** Traps so far. */
  count = 0;

  constructor(machine: Machine, arch: Arch, recorder: Recorder | undefined) {
    this.machine = machine;
    this.arch = arch;
    this.recorder = recorder;
  }

  get recording(): boolean {
    return this.recorder !== undefined;
  }

  /** The trap being handled now. */
  get current(): OpenFlow | undefined {
    return this.open[this.open.length - 1];
  }

  /** The trap that the kernel was entered by. */
  get outermost(): OpenFlow | undefined {
    return this.open[0];
  }

  /** How many traps are being handled inside each other. */
  get depth(): number {
    return this.open.length;
  }

  /** A trap was taken; to be called before anything of the kernel's can overwrite its registers. */
  begin(hart: Hart, task: Task | undefined, kind: TrapFlow['kind'], userAccess: boolean): OpenFlow {
    const flow = new OpenFlow(++this.count, hart, task, kind, this.arch.saveTrapState(hart), userAccess);
    if (this.recording) {
      flow.steps = [];
      flow.head = this.read(flow);
    }
    this.open.push(flow);
    return flow;
  }

  /** The trap is a system call: how to put it in words. */
  describeCall(words: () => TrapFlow['call']): void {
    const flow = this.current;
    if (!flow) return;
    if (this.recording) flow.call = words();
    else flow.describeCall = words;
  }

  /** Notes what can be read of all open traps, which a fatal end will want, while their code is still there. */
  readHeads(): void {
    for (const flow of this.open) {
      if (flow.head) continue;
      flow.call = flow.describeCall?.();
      const now = this.arch.saveTrapState(flow.hart);
      this.arch.restoreTrapState(flow.hart, flow.state);
      flow.head = this.read(flow);
      this.arch.restoreTrapState(flow.hart, now);
    }
  }

  /** The innermost trap has been handled; the record, where its head was read. */
  end(outcome: Outcome): TrapFlow | undefined {
    const flow = this.open.pop();
    if (!flow) throw new Error('no trap is being handled');
    if (!flow.head) return undefined;
    const record = finish(flow, flow.head, outcome);
    const outer = this.current;
    if (outer) outer.nested.push(record);
    else this.recorder?.(record);
    return record;
  }

  /** Ends every open trap alike and returns the outermost's record. */
  endAll(outcome: Outcome): TrapFlow | undefined {
    let record: TrapFlow | undefined;
    while (this.open.length > 0) record = this.end(outcome);
    return record;
  }

  private read({ hart, trap, task, userAccess }: OpenFlow): Head {
    const { pc, from } = trap;
    const user = from === 'user';
    const { symbols, bias } = task?.program ?? {};
    const own = userAccess ? 'user-access' : 'kernel';
    return {
      origin: {
        privilege: from,
        pc,
        symbol: user ? symbols?.name(BigInt.asUintN(64, pc - (bias ?? 0n))) : undefined,
        text: user ? (this.machine.instructionAt(hart, pc, from)?.text(pc) ?? '') : own,
      },
      raw: hart.isa.syndrome(hart, hart.isa.privilege(hart) === 'machine' ? 'machine' : 'supervisor'),
    };
  }
}

function finish(flow: OpenFlow, head: Head, outcome: Outcome): TrapFlow {
  const { trap } = flow;
  return {
    trap: flow.number,
    hart: flow.hart.id,
    process: flow.task?.pid ?? 0,
    instruction: trap.retired,
    kind: flow.kind,
    origin: head.origin,
    access: trap.access ? { ...trap.access, address: trap.address } : undefined,
    raw: head.raw,
    walk: trap.walk,
    info: flow.info,
    userAccess: flow.userAccess,
    call: flow.call,
    steps: flow.steps ?? [],
    nested: flow.nested,
    outcome,
    surroundings: flow.surroundings,
  };
}
