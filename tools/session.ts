import { ElfError, type ElfImage, type Isa, parseElf, TARGETS, targetOfElf } from '../machine/index.ts';
import { BareGuest } from './bare-guest.ts';
import { drive, type RunEnd } from './drive.ts';
import { STATUS, UserError } from './errors.ts';
import type { Guest } from './guest.ts';
import { Interrupts, OutputClosed, readUserFile, StandardStreams, say, write } from './host.ts';
import { KernelGuest } from './kernel-guest.ts';
import { checkForTarget, type GuestOptions, type LimitOptions, type TraceOptions } from './run-options.ts';
import { loadSnapshot, saveSnapshot } from './snapshot-file.ts';
import { fullView } from './trace/full.ts';
import { TraceOutput } from './trace/output.ts';
import { paintFor } from './trace/paint.ts';

/** Everything that a run is given. */
export interface RunRequest {
  readonly program: string;
  /** argv from argv[0] on. */
  readonly argv: readonly string[];
  readonly guest: GuestOptions;
  readonly trace: TraceOptions;
  readonly limits: LimitOptions;
}

/** Loads and runs a program; returns the exit status. */
export async function runProgram(request: RunRequest): Promise<number> {
  const { program, argv, guest: options } = request;
  const file = readUserFile(program);
  const isa = named(program, () => targetOf(parseElf(file, options.bare ? 1 : undefined)));
  checkForTarget(options, isa);
  return runGuest(isa, options, request.trace, request.limits, (streams, trace) =>
    named(program, () =>
      options.bare
        ? new BareGuest(file, isa, options, streams, trace)
        : KernelGuest.start(file, argv, isa, options, streams, trace),
    ),
  );
}

/** Goes on from a snapshot. */
export async function runSnapshot(path: string, traceOptions: TraceOptions, limits: LimitOptions): Promise<number> {
  const { kind, target, options, state } = loadSnapshot(path);
  const isa = TARGETS.find(({ name }) => name === target);
  if (!isa) throw new UserError(`${path}: snapshot of a ${target} guest, which this program has not`);
  return runGuest(isa, options, traceOptions, limits, (streams, trace) => {
    try {
      const restore = kind === 'bare' ? BareGuest.restore : KernelGuest.restore;
      return restore(state, isa, options, streams, trace);
    } catch (error) {
      throw new UserError(`${path}: damaged snapshot: ${error instanceof Error ? error.message : error}`);
    }
  });
}

async function runGuest(
  isa: Isa,
  options: GuestOptions,
  traceOptions: TraceOptions,
  limits: LimitOptions,
  make: (streams: StandardStreams, trace: TraceOutput) => Guest,
): Promise<number> {
  const streams = new StandardStreams();
  const trace = new TraceOutput(traceOptions, isa.name, paintFor({ isTTY: process.stderr.isTTY }, process.env));
  const interrupts = new Interrupts(() => streams.stop());
  let guest: Guest | undefined;
  let ended = { reason: 'internal error', status: STATUS.panic as number };
  try {
    const made = provided(options.memory, () => make(streams, trace));
    guest = made;
    const save = () => {
      if (!limits.save) return;
      const kind = options.bare ? 'bare' : 'kernel';
      saveSnapshot(limits.save.file, { kind, target: isa.name, options, state: made.save() });
    };
    const end = await drive(made, limits, streams, interrupts, save);
    ended = { reason: end.kind, status: statusOf(end) };
    explain(end, limits);
    if (limits.save && made.instructions < limits.save.at) {
      throw new UserError(`--save-at ${limits.save.at}: the guest ended after ${made.instructions} instructions`);
    }
    return ended.status;
  } catch (error) {
    if (error instanceof OutputClosed) ended = { reason: 'output closed', status: STATUS.signal + 13 };
    else if (error instanceof UserError || error instanceof ElfError) {
      ended = { reason: 'mistake', status: STATUS.userMistake };
    }
    throw error;
  } finally {
    trace.close({ ...ended, instructions: guest?.instructions ?? 0 });
    streams.stop();
    interrupts.release();
  }
}

/** RAM is reserved as one piece, which not every host has. */
function provided<T>(bytes: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes('WebAssembly.Memory')) throw error;
    throw new UserError(`--memory: this computer cannot provide ${bytes / 1024 / 1024}M in one piece`);
  }
}

function statusOf(end: RunEnd): number {
  switch (end.kind) {
    case 'exited':
    case 'killed':
    case 'failed':
      return end.status;
    case 'panic':
      return STATUS.panic;
    case 'out of instructions':
      return STATUS.outOfInstructions;
    case 'interrupted':
      return STATUS.signal + end.signal;
  }
}

/** What is said of an end that the guest did not choose. */
function explain(end: RunEnd, limits: LimitOptions): void {
  switch (end.kind) {
    case 'exited':
      break;
    case 'killed':
      say(end.report);
      break;
    case 'failed':
      say(end.message);
      break;
    case 'panic':
      if (end.flow)
        write(2, `${fullView(end.flow, paintFor({ isTTY: process.stderr.isTTY }, process.env)).join('\n')}\n`);
      say(`kernel panic: ${end.message}`);
      break;
    case 'out of instructions':
      say(`stopped after ${limits.maxInstructions} instructions`);
      break;
    case 'interrupted':
      say('interrupted');
      break;
  }
}

const E_MACHINES: Readonly<Record<number, string>> = {
  3: 'x86',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S/390',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
};

/** The target that runs an image. */
export function targetOf(image: ElfImage): Isa {
  const isa = targetOfElf(image.machine, image.bits);
  if (isa) return isa;
  const whose = E_MACHINES[image.machine] ?? `machine ${image.machine}`;
  const width = image.bits === 32 ? '32-bit ' : '';
  throw new ElfError(`built for ${width}${whose}; guests run on ${TARGETS.map(({ name }) => name).join(', ')}`);
}

/** Puts the file's name in front of what is wrong with it. */
export function named<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ElfError || error instanceof UserError) throw new UserError(`${path}: ${error.message}`);
    throw error;
  }
}
