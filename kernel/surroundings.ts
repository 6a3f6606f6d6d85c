import type { Hart, Machine } from '../machine/index.ts';
import type { Arch } from './arch/arch.ts';
import type { Surroundings } from './record.ts';
import type { Task } from './task/task.ts';

const AREAS = 5;
const FRAMES = 32;
/** Words above the stack pointer that are searched where there are no frame pointers. */
const SCANNED = 512;

/** Registers, backtrace and areas near `address`, for a trap that ends a process whose context was saved. */
export function surroundingsOf(machine: Machine, arch: Arch, hart: Hart, task: Task, address: bigint): Surroundings {
  const { slots } = arch.isa.slots;
  const { context } = task;
  return {
    registers: slots
      .filter(({ group }) => group === 'general')
      .map(({ name, alias }) => ({
        name: alias,
        value: name === arch.isa.pc.name ? context.pc : (context.registers.get(name) ?? 0n),
      })),
    backtrace: new Backtrace(machine, arch, hart, task).frames(),
    areas: task.space.areas.around(address, AREAS),
  };
}

type Frame = Surroundings['backtrace'][number];

/** Who called whom, read from the process's stack without any effect on it. */
class Backtrace {
  private readonly machine: Machine;
  private readonly arch: Arch;
  private readonly hart: Hart;
  private readonly task: Task;

  constructor(machine: Machine, arch: Arch, hart: Hart, task: Task) {
    this.machine = machine;
    this.arch = arch;
    this.hart = hart;
    this.task = task;
  }

  frames(): Frame[] {
    const { context } = this.task;
    const here = this.frame(context.pc);
    const link = this.arch.link === undefined ? undefined : context.registers.get(this.arch.link);
    const chain = this.byFramePointers();
    const callers = chain.length > 0 ? chain : this.byScanning();
    // A function that has not saved its return address, or a jump to nowhere, shows in the link register alone.
    const first = callers[0]?.pc;
    if (
      link !== undefined &&
      link !== first &&
      this.isCode(link) &&
      functionOf(this.caller(link)) !== functionOf(here)
    ) {
      callers.unshift(this.caller(link));
    }
    return [here, ...callers.slice(0, FRAMES)];
  }

  private byFramePointers(): Frame[] {
    const frames: Frame[] = [];
    const { frame, isa } = this.arch;
    let fp = this.task.context.registers.get(isa.fp.name) ?? 0n;
    for (let below = 0n; fp > below && frames.length < FRAMES; ) {
      const pc = this.word(fp + frame.returnAddress);
      const caller = this.word(fp + frame.caller);
      if (pc === undefined || caller === undefined || !this.isCode(pc)) break;
      frames.push(this.caller(pc));
      below = fp;
      fp = caller;
    }
    return frames;
  }

  /** Every word on the stack that could be a return address into a known function. */
  private byScanning(): Frame[] {
    const frames: Frame[] = [];
    const sp = this.task.context.registers.get(this.arch.isa.sp.name) ?? 0n;
    for (let i = 0n; i < SCANNED && frames.length < FRAMES; i++) {
      const word = this.word((sp & ~7n) + i * 8n);
      if (word === undefined) break;
      if (!this.isCode(word)) continue;
      const frame = this.caller(word);
      if (frame.symbol !== undefined) frames.push(frame);
    }
    return frames;
  }

  private frame(pc: bigint): Frame {
    const { symbols, bias } = this.task.program;
    return { pc, symbol: symbols.name(BigInt.asUintN(64, pc - bias)) };
  }

  /** A return address belongs to the call before it: behind the last one of a function another function starts. */
  private caller(pc: bigint): Frame {
    const { symbols, bias } = this.task.program;
    const symbol = symbols.find(BigInt.asUintN(64, pc - bias - 1n));
    return { pc, symbol: symbol && `${symbol.name}+${(pc - bias - symbol.address).toString(16)}` };
  }

  private isCode(address: bigint): boolean {
    return this.task.space.find(address)?.rights.execute ?? false;
  }

  private word(address: bigint): bigint | undefined {
    if ((address & 7n) !== 0n || address < 0n || address >= 1n << 64n) return undefined;
    const bytes = this.machine.peek(this.hart, address, 8, 'user', 'load');
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }
}

const functionOf = ({ symbol }: Frame): string | undefined => symbol?.split('+')[0];
