import { parseElf, TARGETS } from '../../machine/index.ts';
import { BareGuest } from '../bare-guest.ts';
import { type BuiltIn, builtIn, builtInPath } from '../built-in.ts';
import type { Command } from '../command.ts';
import type { GuestEnd } from '../guest.ts';
import { breathe, Interrupts, readUserFile, type Streams, write } from '../host.ts';
import { KernelGuest } from '../kernel-guest.ts';
import { readGuestOptions } from '../run-options.ts';
import { targetOf } from '../session.ts';
import { fullView } from '../trace/full.ts';
import { type Paint, paintFor } from '../trace/paint.ts';
import type { TrapView } from '../trace/view.ts';

/** One guest of the tour. */
interface Stop {
  readonly guest: string;
  readonly heading: string;
  readonly text: string;
  /** Whether this is the trap that tells the story; the first such one is shown. */
  readonly telling: (flow: TrapView) => boolean;
  readonly caption: string;
  /** Without registers, callers and areas, which an earlier stop has shown. */
  readonly brief?: boolean;
}

const tried = (flow: TrapView, step: string) =>
  flow.steps.some((one) => one.step === step && one.verdict === 'resolved');
const killed = (flow: TrapView) => flow.outcome.kind === 'signal';

const STOPS: readonly Stop[] = [
  {
    guest: 'hello',
    heading: 'A program boots',
    text: 'Its page tables are real, and empty: even its first instruction is a page fault.',
    telling: (flow) => flow.access?.kind === 'fetch',
    caption: 'The first instruction, fetched from the file on demand',
  },
  {
    guest: 'demand',
    heading: 'Demand paging',
    text: 'A large .bss costs nothing until it is touched; each first touch finds a zeroed frame.',
    telling: (flow) => flow.access?.kind === 'store' && tried(flow, 'demand paging'),
    caption: 'A first touch: three levels walked, nothing there, a frame put in place',
  },
  {
    guest: 'fork-cow',
    heading: 'Fork, and copy-on-write',
    text: 'Parent and child share every page, read-only, until one of them writes.',
    telling: (flow) => tried(flow, 'copy-on-write') && flow.steps[0]?.area?.name === 'bss',
    caption: 'A write to a shared page: copied, remapped, the stale translation dropped',
  },
  {
    guest: 'stack-write',
    heading: 'A fault inside a system call',
    text: 'openat(2) is given a path on a stack page that does not exist yet; the kernel itself faults.',
    telling: (flow) => flow.call?.name === 'openat' && flow.nested.length > 0,
    caption: 'The trap within the trap, under the user-access flag',
  },
  {
    guest: 'null-read',
    heading: 'A null pointer',
    text: 'No area holds address 0, so every step refuses, and the signal kills.',
    telling: killed,
    caption: 'Registers, callers and areas nearby come with a fatal fault',
  },
  {
    guest: 'exec-stack',
    heading: 'Code on the stack',
    text: 'The page is there, readable and writable; it is not executable.',
    telling: killed,
    caption: 'A fetch that the leaf entry denies',
    brief: true,
  },
  {
    guest: 'two-harts',
    heading: 'Two processes on two harts',
    text: 'Pages are shared and unshared while both run; translations go from both harts.',
    telling: (flow) => flow.hart === 1 && tried(flow, 'copy-on-write'),
    caption: 'The second hart unshares a page',
  },
  {
    guest: 'bare/pages',
    heading: 'A kernel of its own',
    text: 'No TypeScript kernel here: the image installs Sv39 tables and handles its own page faults.',
    telling: (flow) => flow.origin.privilege === 'user' && flow.kind === 'page fault',
    caption: 'A fault of its user mode, as the hardware delivered it',
  },
];

/** Lines of a guest's output that are shown. */
const LINES = 8;
/** Instructions between two looks at Ctrl-C; no guest of the tour takes many. */
const SLICE = 100_000;
const LIMIT = 20_000_000;

/** `faultline tour`: what `make run` shows. */
export const tour: Command = {
  name: 'tour',
  operands: '',
  describe: 'Boot a handful of built-in guests and explain their faults',
  options: {},
  examples: [['tour', 'takes some seconds']],
  run: async () => {
    const paint = paintFor({ isTTY: process.stdout.isTTY }, process.env);
    const interrupts = new Interrupts(() => {});
    let failed = 0;
    for (const [i, stop] of STOPS.entries()) {
      write(1, `${paint.bold(`${i + 1}  ${stop.heading}`)}\n   ${stop.text}\n\n`);
      const { ok, lines } = await visit(stop, paint, interrupts);
      if (interrupts.signal !== undefined) return 128 + interrupts.signal;
      write(1, `${lines.join('\n')}\n\n`);
      if (!ok) failed++;
    }
    write(1, ENDING);
    interrupts.release();
    return failed === 0 ? 0 : 1;
  },
};

const ENDING = `Now a program of your own, built with riscv64-linux-gnu-gcc -static:
   node dist/faultline.js run --trace ./a.out          one line a trap
   node dist/faultline.js run --trace=full ./a.out     the whole story
   node dist/faultline.js guests                       every built-in guest
`;

async function visit(stop: Stop, paint: Paint, interrupts: Interrupts): Promise<{ ok: boolean; lines: string[] }> {
  const guest = builtIn(stop.guest);
  let told: TrapView | undefined;
  let traps = 0;
  const record = (flow: TrapView) => {
    traps++;
    if (!told && stop.telling(flow)) told = flow;
  };
  let output = '';
  const decoder = new TextDecoder();
  const streams: Streams = {
    output: (_, bytes) => {
      output += decoder.decode(bytes, { stream: true });
    },
    read: () => 'end',
    asked: false,
    interactive: true,
  };
  const end = await boot(guest, streams, record, interrupts);
  const status = end && 'status' in end ? end.status : undefined;
  const printed = output.trimEnd().split('\n');
  const shown = printed.slice(0, LINES).map((line) => `   │ ${line}`);
  if (printed.length > LINES) shown.push(`   │ … ${printed.length - LINES} more`);
  const ending = `${traps} traps, exit status ${status ?? 'none'}`;
  const shownFlow = told && stop.brief ? { ...told, surroundings: undefined } : told;
  const lines = [
    paint.dim(`   $ faultline guests ${stop.guest}`),
    ...shown,
    paint.dim(`   ${ending}${status === guest.status ? '' : `, which should be ${guest.status}`}`),
    '',
    `   ${stop.caption}:`,
    ...(shownFlow ? fullView(shownFlow, paint).slice(0, -1) : ['was not seen']).map((line) => `   ${line}`),
  ];
  return { ok: status === guest.status && told !== undefined, lines };
}

async function boot(
  guest: BuiltIn,
  streams: Streams,
  record: (flow: TrapView) => void,
  interrupts: Interrupts,
): Promise<GuestEnd | undefined> {
  const file = readUserFile(builtInPath(guest, TARGETS[0].name));
  const isa = targetOf(parseElf(file, 1));
  const options = { ...readGuestOptions({}), harts: guest.options.harts ?? 1, bare: guest.kind === 'bare' };
  const trace = { active: true, record };
  const running = options.bare
    ? new BareGuest(file, isa, options, streams, trace)
    : KernelGuest.start(file, [guest.name], isa, options, streams, trace);
  while (running.instructions < LIMIT && interrupts.signal === undefined) {
    const stop = running.run(SLICE);
    if (typeof stop === 'object') return stop;
    await breathe();
  }
  return undefined;
}
