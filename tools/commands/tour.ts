import { type Isa, TARGETS } from '../../machine/index.ts';
import { BareGuest } from '../bare-guest.ts';
import { type BuiltIn, builtIn, builtInPath, hasTarget } from '../built-in.ts';
import type { Command } from '../command.ts';
import type { GuestEnd } from '../guest.ts';
import { breathe, Interrupts, readUserFile, type Streams, write } from '../host.ts';
import { KernelGuest } from '../kernel-guest.ts';
import { readGuestOptions } from '../run-options.ts';
import { fullView } from '../trace/full.ts';
import { lineView } from '../trace/line.ts';
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
  /** Told in full on every target; elsewhere one line has to do for all targets but the first. */
  readonly everywhere?: boolean;
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
    caption: 'A first touch: the tables walked, nothing there, a frame put in place',
    everywhere: true,
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
    text: 'No TypeScript kernel here: the image installs page tables and handles its own page faults.',
    telling: (flow) => flow.origin.privilege === 'user' && flow.kind === 'page fault',
    caption: 'A fault of its user mode, as the hardware delivered it',
    everywhere: true,
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

const NAMES = TARGETS.map(({ name }) => name);
const ENDING = `Now a program of your own, static, built for ${NAMES.slice(0, -1).join(', ')} or ${NAMES.at(-1)}:
   node dist/faultline.js run --trace ./a.out          one line a trap
   node dist/faultline.js run --trace=full ./a.out     the whole story
   node dist/faultline.js guests                       every built-in guest
   node dist/faultline.js validate                     every fault on every target under every policy
`;

/** Boots the stop's guest on every target: the first tells its story, the others say what is different. */
async function visit(stop: Stop, paint: Paint, interrupts: Interrupts): Promise<{ ok: boolean; lines: string[] }> {
  const guest = builtIn(stop.guest);
  const lines: string[] = [];
  let ok = true;
  let printed: string | undefined;
  for (const isa of TARGETS.filter(({ name }) => hasTarget(guest, name))) {
    const visited = await boot(stop, guest, isa, interrupts);
    const { output, status, told, traps } = visited;
    ok &&= status === guest.status && told !== undefined;
    const wrong = status === guest.status ? '' : `, which should be ${guest.status}`;
    lines.push(paint.dim(`   $ faultline guests --target ${isa.name} ${stop.guest}`));
    if (output !== printed) lines.push(...shown(output));
    else lines.push(paint.dim('   │ the same output'));
    lines.push(paint.dim(`   ${traps} traps, exit status ${status ?? 'none'}${wrong}`), '');
    const whole = printed === undefined || stop.everywhere === true;
    lines.push(...story(stop, isa, told, whole, paint), '');
    printed ??= output;
  }
  return { ok, lines: lines.slice(0, -1) };
}

function shown(output: string): string[] {
  const lines = output.trimEnd().split('\n');
  // Some guests write bytes that are no text.
  const first = lines.slice(0, LINES).map((line) => `   │ ${line.replace(/\p{Cc}/gu, '')}`);
  return lines.length > LINES ? [...first, `   │ … ${lines.length - LINES} more`] : first;
}

function story(stop: Stop, isa: Isa, told: TrapView | undefined, whole: boolean, paint: Paint): string[] {
  if (!told) return [`   ${stop.caption}: was not seen`];
  if (!whole) {
    const lines = lineView(told, paint).map((line) => `   ${line.trimStart()}`);
    return [`   The same trap on ${isa.name}:`, ...lines.flatMap(broken)];
  }
  const flow = stop.brief ? { ...told, surroundings: undefined } : told;
  const lines = fullView(flow, paint).slice(0, -1);
  return [`   ${stop.caption}:`, ...lines.map((line) => `   ${line}`)];
}

/** A line too wide for most terminals, in two at its verdict. */
function broken(line: string): string[] {
  const at = line.indexOf(' → ');
  return line.length <= 110 || at < 0 ? [line] : [line.slice(0, at), `      ${line.slice(at)}`];
}

/** What a boot showed: the first telling trap among the rest. */
interface Visit {
  readonly output: string;
  readonly status: number | undefined;
  readonly told: TrapView | undefined;
  readonly traps: number;
}

async function boot(stop: Stop, guest: BuiltIn, isa: Isa, interrupts: Interrupts): Promise<Visit> {
  let told: TrapView | undefined;
  let traps = 0;
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
  const record = (flow: TrapView) => {
    traps++;
    if (!told && stop.telling(flow)) told = flow;
  };
  const end = await run(guest, isa, streams, record, interrupts);
  return { output, status: end && 'status' in end ? end.status : undefined, told, traps };
}

async function run(
  guest: BuiltIn,
  isa: Isa,
  streams: Streams,
  record: (flow: TrapView) => void,
  interrupts: Interrupts,
): Promise<GuestEnd | undefined> {
  const file = readUserFile(builtInPath(guest, isa.name));
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
