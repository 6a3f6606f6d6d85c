import { Kernel, LoadError, type Recorder, type RunResult } from '../kernel/index.ts';
import { type Isa, parseElf, type Saved } from '../machine/index.ts';
import { UserError } from './errors.ts';
import type { Guest, GuestEnd } from './guest.ts';
import type { Streams } from './host.ts';
import type { GuestOptions } from './run-options.ts';
import { noticeView } from './trace/notice.ts';
import type { TraceSink } from './trace/output.ts';
import { deathReport } from './trace/report.ts';

/** A program under the TypeScript kernel, its standard streams connected to ours. */
export class KernelGuest implements Guest {
  readonly kernel: Kernel;
  private readonly streams: Streams;

  private constructor(isa: Isa, options: GuestOptions, streams: Streams, trace: TraceSink) {
    const { memory, harts, mmu, ad, policy, uaccess, testHooks, strictTlb } = options;
    this.streams = streams;
    this.kernel = new Kernel({
      isa,
      memory,
      harts,
      mmu,
      ad,
      policy,
      uaccess,
      testHooks,
      strictTlb,
      seed: BigInt(options.seed),
      ports: { output: streams.output, input: streams.read, patient: !streams.interactive },
      recorder: recorderFor(options, trace),
    });
    this.kernel.machine.notice = (hart, notice) => trace.notice?.(noticeView(hart, notice));
  }

  /** Loads a program and makes it the first process. Throws ElfError and UserError. */
  static start(
    file: Uint8Array,
    argv: readonly string[],
    isa: Isa,
    options: GuestOptions,
    streams: Streams,
    trace: TraceSink,
  ): KernelGuest {
    const image = parseElf(file);
    try {
      const guest = new KernelGuest(isa, options, streams, trace);
      guest.kernel.spawn(image, argv, options.environment);
      return guest;
    } catch (error) {
      if (error instanceof LoadError) throw new UserError(error.message);
      throw error;
    }
  }

  /** Takes up a saved state. */
  static restore(saved: Saved, isa: Isa, options: GuestOptions, streams: Streams, trace: TraceSink): KernelGuest {
    const guest = new KernelGuest(isa, options, streams, trace);
    guest.kernel.restore(saved);
    return guest;
  }

  get instructions(): number {
    return this.kernel.machine.instructions;
  }

  run(steps: number): 'running' | 'waiting for input' | GuestEnd {
    // The kernel asks again at the start of each run, if a process still waits.
    this.streams.asked = false;
    const result = this.kernel.run(steps);
    if (result.kind === 'waiting for input') return result.kind;
    // From a pipe, too, a guest gets its input after the same instruction in every run: all of it waits.
    if (result.kind === 'running')
      return this.streams.asked && !this.streams.interactive ? 'waiting for input' : 'running';
    return endOf(result);
  }

  save(): Saved {
    return this.kernel.save();
  }
}

/** Under the policies that can panic, records are made even where nobody looks at them: a panic tells its whole flow. */
function recorderFor({ policy, uaccess }: GuestOptions, trace: TraceSink): Recorder | undefined {
  if (trace.active) return trace.record;
  return policy === 'veridian' || uaccess === 'axptr' ? () => {} : undefined;
}

function endOf(result: Exclude<RunResult, { kind: 'running' | 'waiting for input' }>): GuestEnd {
  switch (result.kind) {
    case 'exited': {
      const { status, signal, flow } = result;
      if (signal === undefined) return { kind: 'exited', status };
      return { kind: 'killed', status, report: flow ? deathReport(flow) : `killed by ${signal}` };
    }
    case 'panic':
      return result;
    case 'deadlock':
      return { kind: 'failed', status: 1, message: result.message };
  }
}
