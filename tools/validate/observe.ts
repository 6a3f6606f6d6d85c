import { type FaultPolicy, Kernel, type RunResult, type TrapFlow, type UserAccessPolicy } from '../../kernel/index.ts';
import { type Isa, parseElf } from '../../machine/index.ts';
import { BareGuest } from '../bare-guest.ts';
import { builtInPath } from '../built-in.ts';
import type { GuestEnd } from '../guest.ts';
import { readUserFile, type Streams } from '../host.ts';
import { readGuestOptions } from '../run-options.ts';
import { lineView } from '../trace/line.ts';
import { noticeView, noticeWords } from '../trace/notice.ts';
import type { Observation } from './compare.ts';
import { neutralLines } from './neutral.ts';
import type { Scenario } from './scenarios.ts';

/** One policy of each kind. */
export interface Policies {
  readonly policy: FaultPolicy;
  readonly uaccess: UserAccessPolicy;
}

/** A run as it was seen: what can be compared, and more. */
export interface Run extends Observation {
  /** The exit status; undefined: the kernel panicked, or the guest does not end. */
  readonly status: number | undefined;
  readonly traps: number;
  readonly instructions: number;
  /** With `--strict-tlb`: translations that were used although the page tables no longer hold them, a line each. */
  readonly notices: readonly string[];
}

/** Bytes of RAM: enough for every guest, little enough that one which takes all of it is soon done. */
const MEMORY = 32 << 20;
const SLICE = 1_000_000;
/** No guest takes a quarter of it. */
const LIMIT = 400_000_000;

/** Runs a scenario under the TypeScript kernel, to its end. */
export function observe(isa: Isa, { guest, args }: Scenario, policies: Policies, strictTlb: boolean): Run {
  const flows: TrapFlow[] = [];
  const printed = new Printed();
  const notices: string[] = [];
  const input = [new TextEncoder().encode(guest.options.stdin ?? '')];
  const kernel = new Kernel({
    isa,
    memory: MEMORY,
    harts: guest.options.harts ?? 1,
    ad: 'hardware',
    ...policies,
    seed: 1n,
    strictTlb,
    testHooks: guest.options.testHooks ?? false,
    ports: { output: (_, bytes) => printed.add(bytes), input: () => input.shift() ?? 'end' },
    recorder: (flow) => void flows.push(flow),
  });
  kernel.machine.notice = (hart, notice) => void notices.push(noticeWords(noticeView(hart, notice)));
  kernel.spawn(parseElf(readUserFile(builtInPath(guest, isa.name))), [guest.name, ...args], []);
  let result: RunResult = { kind: 'running' };
  while (result.kind === 'running' && kernel.machine.instructions < LIMIT) result = kernel.run(SLICE);
  return {
    end: endWords(result),
    status: result.kind === 'exited' ? result.status : undefined,
    output: printed.lines(),
    flow: neutralLines(flows),
    traps: flows.length,
    instructions: kernel.machine.instructions,
    notices,
  };
}

/** How a run ended, in words. */
export function endWords(result: RunResult): string {
  switch (result.kind) {
    case 'exited': {
      const { status, signal, flow } = result;
      if (signal === undefined) return `exit ${status}`;
      return flow?.outcome.kind === 'signal' ? `${signal} ${flow.outcome.code}` : signal;
    }
    case 'panic':
      return `panic: ${result.message.replace(/\b[0-9a-f]{4,}\b/g, (hex) => (/\d/.test(hex) ? '#' : hex))}`;
    case 'deadlock':
      return 'everybody waits';
    case 'waiting for input':
      return 'waits for input';
    case 'running':
      return 'does not end';
  }
}

/** Runs a bare-metal image to its end. Its kernel is its own: there are no policies, and no verdicts in its flow. */
export function observeBare(isa: Isa, { guest }: Scenario, strictTlb: boolean): Run {
  const printed = new Printed();
  const notices: string[] = [];
  let traps = 0;
  const streams: Streams = {
    output: (_, bytes) => printed.add(bytes),
    read: () => 'end',
    asked: false,
    interactive: false,
  };
  const options = { ...readGuestOptions({}), harts: guest.options.harts ?? 1, bare: true, strictTlb };
  const record = (flow: Parameters<typeof lineView>[0]) => {
    traps++;
    lineView(flow);
  };
  const machine = new BareGuest(readUserFile(builtInPath(guest, isa.name)), isa, options, streams, {
    active: true,
    record,
    notice: (notice) => void notices.push(noticeWords(notice)),
  });
  let end: GuestEnd | string = 'running';
  while (typeof end === 'string' && machine.instructions < LIMIT) end = machine.run(SLICE);
  const status = typeof end === 'object' && 'status' in end ? end.status : undefined;
  return {
    end: status === undefined ? 'does not end' : `exit ${status}`,
    status,
    output: printed.lines(),
    flow: [],
    traps,
    instructions: machine.instructions,
    notices,
  };
}

/** What a guest printed, on either stream; lines are told apart by their ends. */
class Printed {
  private readonly chunks: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice());
  }

  lines(): readonly string[] {
    const decoder = new TextDecoder();
    const text = this.chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('');
    return text === '' ? [] : text.replace(/\n$/, '').split('\n');
  }
}
