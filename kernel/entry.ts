import type { Hart } from '../machine/index.ts';
import { errnoName, LinuxError } from './abi/errno.ts';
import { KernelPanic, TaskEnded } from './abi/errors.ts';
import { SIGNALS, type SignalName, shellStatus, signalName } from './abi/signals.ts';
import { type Arch, GATE, type TrapClass } from './arch/arch.ts';
import type { Flows } from './flows.ts';
import {
  atKernelEntry,
  type Fault,
  type FaultOutcome,
  handleFault,
  isAccessingUserMemory,
  type Memory,
  UserConstPtr,
  UserPtr,
} from './mm/index.ts';
import type { HandlerStep, Outcome, TrapFlow } from './record.ts';
import { surroundingsOf } from './surroundings.ts';
import { Call, type System } from './syscall/call.ts';
import { argumentWords, Blocked, type CallRow, type Result } from './syscall/row.ts';
import { I32, U32 } from './syscall/structs.ts';
import type { Task } from './task/task.ts';

const KINDS: Readonly<Record<TrapClass['kind'], TrapFlow['kind']>> = {
  'system call': 'system call',
  'page fault': 'page fault',
  'memory exception': 'exception',
  exception: 'exception',
  timer: 'interrupt',
  interprocessor: 'interrupt',
  unexpected: 'exception',
};

/** The kernel's entry from the gate and its way back: what every trap goes through. */
export class Entry {
  private readonly arch: Arch;
  private readonly memory: Memory;
  private readonly system: System;
  private readonly flows: Flows;
  private readonly calls: ReadonlyMap<number, CallRow>;
  /** The process that the kernel works for now. */
  private acting: Task | undefined;
  /** The record of the trap that killed the first process. */
  fatal: TrapFlow | undefined;

  constructor(system: System, flows: Flows, calls: ReadonlyMap<number, CallRow>) {
    this.arch = system.memory.arch;
    this.memory = system.memory;
    this.system = system;
    this.flows = flows;
    this.calls = calls;
  }

  /** A hart's pc has entered the gate. Afterwards it is in user mode, or waits. Throws KernelPanic. */
  enter(hart: Hart, offset: number): void {
    if (offset >= GATE.trap && offset < GATE.trapEnd) this.trap(hart);
    else if (offset === GATE.idle) atKernelEntry(this.memory, hart);
    else if (offset === GATE.panic) {
      this.flows.begin(hart, this.system.scheduler.current(hart), 'exception', false);
      throw new KernelPanic('a trap reached the firmware');
    } else throw new KernelPanic(`the gate was entered at ${offset.toString(16)}`);
    this.system.scheduler.wakeChanged();
    while (!this.system.scheduler.current(hart)) if (!this.dispatch(hart)) break;
  }

  /** A trap taken while the kernel accessed memory, by that access (MemoryEnvironment.onNestedTrap). */
  nested(hart: Hart): void {
    const task = this.system.scheduler.current(hart);
    const trapClass = this.arch.classify(hart, this.memory.policy);
    const flow = this.flows.begin(hart, task, KINDS[trapClass.kind], isAccessingUserMemory(this.memory, hart));
    atKernelEntry(this.memory, hart);
    if (trapClass.kind !== 'page fault' && trapClass.kind !== 'memory exception') {
      throw new KernelPanic(`${trapClass.kind} in the kernel`);
    }
    const outcome = this.fault(hart, task, trapClass);
    const leave = () => {
      this.arch.restoreTrapState(hart, flow.state);
      this.arch.returnFromTrap(hart);
    };
    switch (outcome.kind) {
      case 'resolved':
        leave();
        this.flows.end({ kind: 'resolved', retriedAt: hart.pc });
        return;
      case 'efault': {
        leave();
        const error = new LinuxError('EFAULT');
        this.flows.end({ kind: 'errno', errno: error.errno, name: error.message });
        throw error;
      }
      case 'signal':
        if (!task) throw new KernelPanic(`${outcome.signal} for no process`);
        this.kill(hart, task, outcome.signal, outcome.code, outcome.address);
        break;
      case 'panic':
        throw new KernelPanic(outcome.message);
    }
  }

  /** The kernel cannot go on: closes all open records, with what surrounds the process it worked for. */
  panic(message: string): TrapFlow | undefined {
    const { flows, arch } = this;
    flows.readHeads();
    const flow = flows.outermost;
    if (flow?.task?.state === 'running' && flow.trap.from === 'user') {
      const { hart, task } = flow;
      // The process's registers are still the hart's, but for what nested traps overwrote.
      arch.restoreTrapState(hart, flow.state);
      arch.saveUser(hart, task.context);
      const address = flows.current?.trap.access ? flows.current.trap.address : flow.trap.pc;
      flow.surroundings = surroundingsOf(this.memory.machine, arch, hart, task, address);
    }
    return flows.endAll({ kind: 'panic', message });
  }

  /** The test hook between a user pointer's check and its access (MemoryEnvironment.afterCheck). */
  afterCheck(start: bigint, size: bigint): void {
    const task = this.acting;
    const address = task?.hook?.address;
    if (!task || address === undefined || address < start || address >= start + size) return;
    task.hook = undefined;
    task.space.unmap(address & ~0xfffn, 4096n);
  }

  private trap(hart: Hart): void {
    const task = this.system.scheduler.current(hart);
    const trapClass = this.arch.classify(hart, this.memory.policy);
    if (!task && (trapClass.kind === 'timer' || trapClass.kind === 'interprocessor')) {
      // What an idle hart waits for: it looks for work now.
      if (trapClass.kind === 'interprocessor') this.arch.acknowledge(hart);
      atKernelEntry(this.memory, hart);
      return;
    }
    const flow = this.flows.begin(hart, task, KINDS[trapClass.kind], isAccessingUserMemory(this.memory, hart));
    atKernelEntry(this.memory, hart);
    if (!task) throw new KernelPanic('a trap on an idle hart');
    this.acting = task;
    try {
      const outcome = this.handle(hart, task, trapClass, flow.state);
      // A hart that is back in user mode already has the interrupt pending that the signal came with.
      if (task.doom !== undefined && hart.isa.privilege(hart) !== 'user') this.diesOf(hart, task, task.doom);
      this.flows.end(outcome);
    } catch (error) {
      if (!(error instanceof TaskEnded)) throw error;
      // A kill is told with its signal where it was decided; an exit by choice ends here.
      if (this.flows.depth > 0) this.flows.endAll(endOf(task));
    } finally {
      this.acting = undefined;
    }
  }

  private handle(hart: Hart, task: Task, trapClass: TrapClass, state: readonly bigint[]): Outcome {
    const { arch, system } = this;
    switch (trapClass.kind) {
      case 'system call':
        return this.systemCall(hart, task);
      case 'page fault':
      case 'memory exception': {
        const outcome = this.fault(hart, task, trapClass);
        switch (outcome.kind) {
          case 'resolved':
            arch.restoreTrapState(hart, state);
            arch.returnFromTrap(hart);
            return { kind: 'resolved', retriedAt: hart.pc };
          case 'signal':
            arch.saveUser(hart, task.context);
            return this.kill(hart, task, outcome.signal, outcome.code, outcome.address);
          case 'efault':
            throw new KernelPanic('EFAULT for a fault of user mode');
          case 'panic':
            throw new KernelPanic(outcome.message);
          default:
            return outcome satisfies never;
        }
      }
      case 'exception':
        arch.saveUser(hart, task.context);
        if (arch.emulate) {
          const value = this.emulate(hart, task, arch.emulate);
          if (value !== undefined) return { kind: 'returned', value };
        }
        return this.kill(hart, task, trapClass.signal, trapClass.code, trapClass.address);
      case 'interprocessor':
      case 'timer': {
        if (trapClass.kind === 'interprocessor') arch.acknowledge(hart);
        arch.saveUser(hart, task.context);
        system.scheduler.wakeSleepers();
        if (task.doom !== undefined) return { kind: 'rescheduled' };
        if (system.scheduler.contended) {
          system.scheduler.preempt(hart);
          return { kind: 'rescheduled' };
        }
        system.scheduler.startSlice(hart);
        arch.enterUser(hart, task.context);
        return { kind: 'resolved', retriedAt: hart.pc };
      }
      case 'unexpected':
        throw new KernelPanic(`unexpected ${trapClass.what}`);
      default:
        return trapClass satisfies never;
    }
  }

  /** What an instruction was told that user mode may not execute and the kernel answers for, if it is such a one. */
  private emulate(hart: Hart, task: Task, emulate: NonNullable<Arch['emulate']>): bigint | undefined {
    const call = new Call(hart, task, this.system);
    hart.pc = this.memory.accessGate;
    try {
      const value = emulate(hart, task.context, (address) => new UserConstPtr(address, U32).get(call).load());
      if (value !== undefined) this.arch.enterUser(hart, task.context);
      return value;
    } catch (error) {
      // Code that cannot be read any more is an exception like any other.
      if (!(error instanceof LinuxError)) throw error;
      return undefined;
    }
  }

  private systemCall(hart: Hart, task: Task): Outcome {
    const { arch, flows } = this;
    const { context } = task;
    arch.saveUser(hart, context);
    hart.pc = this.memory.accessGate;
    const number = arch.callNumber(context);
    const registers = arch.callArguments(context);
    const row = this.calls.get(number);
    flows.describeCall(() => this.callWords(number, row, registers));
    const call = new Call(hart, task, this.system);
    let result: Result;
    try {
      if (!row) throw new LinuxError('ENOSYS');
      result = row.run(call, registers);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      task.resume = undefined;
      this.finishCall(hart, task, BigInt(-error.errno), false);
      return { kind: 'errno', errno: error.errno, name: errnoName(error.errno) };
    }
    if (result instanceof Blocked) {
      arch.restartCall(context);
      if (task.doom === undefined)
        this.system.scheduler.block(hart, { on: result.on, channels: result.channels, until: result.until });
      return { kind: 'blocked', on: result.on };
    }
    this.finishCall(hart, task, BigInt(result), call.givesWay);
    return { kind: 'returned', value: BigInt.asUintN(64, BigInt(result)) };
  }

  private finishCall(hart: Hart, task: Task, result: bigint, givesWay: boolean): void {
    const { arch, system } = this;
    arch.setResult(task.context, result);
    arch.skipCall(task.context);
    if (task.doom !== undefined) return;
    if (givesWay && system.scheduler.contended) system.scheduler.preempt(hart);
    else arch.enterUser(hart, task.context);
  }

  private callWords(number: number, row: CallRow | undefined, registers: readonly bigint[]) {
    return {
      name: row?.name ?? this.arch.callNames.get(number) ?? `syscall ${number}`,
      args: argumentWords(row, registers),
    };
  }

  private fault(
    hart: Hart,
    task: Task | undefined,
    trapClass: Extract<TrapClass, { kind: 'page fault' | 'memory exception' }>,
  ): FaultOutcome {
    const flow = this.flows.current;
    const reading = this.arch.pageFault(hart, this.memory.policy);
    const fault: Fault = {
      hart,
      space: task?.space,
      reading,
      fromUser: this.arch.fromUser(hart),
      ...(trapClass.kind === 'memory exception'
        ? {
            hard: {
              what: trapClass.what ?? (trapClass.code === 'BUS_ADRALN' ? 'misaligned' : 'access fault'),
              signal: trapClass.signal,
              code: trapClass.code,
            },
          }
        : {}),
    };
    // VeridianOS's growth maps pages even where it fails, so its steps cannot be found out afterwards.
    if (flow && this.memory.policy === 'veridian') flow.steps ??= [];
    const { info, outcome } = handleFault(this.memory, fault, flow?.steps);
    if (!flow) return outcome;
    flow.info = info;
    if (!flow.steps && outcome.kind === 'signal' && task === this.system.tasks.first) {
      // Nothing was recorded, but this will be told: what was refused is refused again, and changes nothing.
      const steps: HandlerStep[] = [];
      if (handleFault(this.memory, fault, steps).outcome.kind === outcome.kind) flow.steps = steps;
    }
    return outcome;
  }

  /** Ends the process by a signal that a trap of its own was answered with. */
  private kill(hart: Hart, task: Task, signal: SignalName, code: string, address: bigint): never {
    const number = SIGNALS[signal];
    const outcome = { kind: 'signal', signal, code, address, exit: 128 + number } as const;
    this.report(hart, task, address, outcome);
    this.system.tasks.exit(task, { signal: number });
  }

  /** Ends the process by a signal that was sent to it. */
  private diesOf(hart: Hart, task: Task, signal: number): never {
    const outcome = {
      kind: 'signal',
      signal: signalName(signal),
      code: 'SI_USER',
      address: 0n,
      exit: 128 + signal,
    } as const;
    this.report(hart, task, task.context.pc, outcome);
    this.system.tasks.exit(task, { signal });
  }

  /** Closes all open records with the signal, and with what surrounds the process while it is still there. */
  private report(hart: Hart, task: Task, address: bigint, outcome: Outcome): void {
    const { flows } = this;
    const first = task === this.system.tasks.first;
    if (flows.recording || first) {
      flows.readHeads();
      const flow = flows.outermost;
      if (flow) flow.surroundings = surroundingsOf(this.memory.machine, this.arch, hart, task, address);
    }
    const record = flows.endAll(outcome);
    if (first) this.fatal = record;
  }

  /** Gives the hart a process to run. False: there is none, and the hart waits. */
  private dispatch(hart: Hart): boolean {
    const task = this.system.scheduler.next(hart);
    if (!task) return false;
    try {
      if (task.setTid !== undefined) this.storeTid(hart, task, task.setTid);
      this.arch.enterUser(hart, task.context);
    } catch (error) {
      // The process died of the store; the hart takes the next.
      if (!(error instanceof TaskEnded)) throw error;
    }
    return true;
  }

  /** As Linux does, nothing comes of it where the child's number cannot be stored. */
  private storeTid(hart: Hart, task: Task, address: bigint): void {
    task.setTid = undefined;
    this.acting = task;
    try {
      new UserPtr(address, I32).get(new Call(hart, task, this.system)).store(task.pid);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    } finally {
      this.acting = undefined;
    }
  }
}

function endOf(task: Task): Outcome {
  const { ending } = task;
  if (!ending) throw new Error('a process ended without an end');
  if ('status' in ending) return { kind: 'exit', status: ending.status };
  const signal = signalName(ending.signal);
  return { kind: 'signal', signal, code: 'SI_USER', address: 0n, exit: shellStatus(ending) };
}
