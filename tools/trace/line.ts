import { type Paint, PLAIN } from './paint.ts';
import {
  callWords,
  faultWords,
  frameWords,
  hex,
  isBad,
  isFrame,
  PRIVILEGE_WORDS,
  resultWords,
  type TrapView,
  whyWords,
} from './view.ts';

/** One line a trap, nested ones indented between a system call and its result, in the manner of strace. */
export function lineView(flow: TrapView, paint: Paint = PLAIN, depth = 0): string[] {
  const head = headWords(flow, depth);
  const nested = flow.nested.flatMap((inner) => lineView(inner, paint, depth + 1));
  if (flow.call && nested.length > 0) {
    return [
      `${head}${place(flow)}${callWords(flow.call)}`,
      ...nested,
      `${head}${column(hex(flow.origin.pc), WHERE)} ${outcomeWords(flow, paint)}`,
    ];
  }
  return [...nested, `${head}${place(flow)}${whatWords(flow)}${outcomeWords(flow, paint)}`];
}

/**
 * Widths of address and symbol, and of the instruction; where either is longer, the next wider column is used. They are
 * as far apart, so that what follows stands in few columns.
 */
const WHERE = [18, 28, 38];
const TEXT = [14, 24, 34];

const column = (text: string, widths: readonly number[]) =>
  text.padEnd(widths.find((width) => text.length <= width) ?? text.length);

function headWords({ instruction, process, hart, origin }: TrapView, depth: number): string {
  const privilege = `${'  '.repeat(depth)}${PRIVILEGE_WORDS[origin.privilege]}`.padEnd(6);
  return `${String(instruction).padStart(8)} p${process} h${hart} ${privilege} `;
}

function place({ origin }: TrapView): string {
  const { privilege, pc, symbol, text } = origin;
  if (privilege === 'supervisor' && (text === 'user-access' || text === 'kernel')) return `${text.padEnd(16)} `;
  return `${column(`${hex(pc)} ${symbol ?? ''}`, WHERE)} ${column(text, TEXT)} `;
}

function whatWords(flow: TrapView): string {
  if (flow.call) return `${callWords(flow.call)} `;
  const { access } = flow;
  const what = access ? `${access.kind} ${access.size} @${hex(access.address)}  ` : '';
  return `${what}${faultWords(flow)} → `;
}

function outcomeWords(flow: TrapView, paint: Paint): string {
  const words = plainOutcome(flow);
  if (isBad(flow.outcome)) return paint.bad(words);
  return flow.outcome.kind === 'resolved' ? paint.good(words) : words;
}

function plainOutcome(flow: TrapView): string {
  const { outcome } = flow;
  switch (outcome.kind) {
    case 'resolved':
      return resolvedWords(flow);
    case 'returned':
      return `= ${resultWords(flow, outcome.value)}`;
    case 'errno':
      return flow.call ? `= -${outcome.errno} ${outcome.name}` : outcome.name;
    case 'blocked':
      return `waits for ${outcome.on}`;
    case 'signal':
      return `${outcome.signal} (${outcome.code}), exit ${outcome.exit}`;
    case 'exit':
      return `exits ${outcome.status}`;
    case 'rescheduled':
      return 'rescheduled';
    case 'panic':
      return `kernel panic: ${outcome.message}`;
    case 'delivered':
      return `${PRIVILEGE_WORDS[outcome.to]} vector ${hex(outcome.vector)}`;
  }
}

function resolvedWords({ steps }: TrapView): string {
  const step = steps.find(({ verdict }) => verdict === 'resolved');
  if (!step) return 'resolved';
  const frames = step.changes.filter(isFrame).filter(({ action }) => action !== 'freed');
  const done = frames.length > 0 ? frames.map(shortFrame).join('; ') : whyWords(step).split(': ').at(-1);
  const area = step.area ? ` in ${step.area.name} ${step.area.flags}` : '';
  return `${step.step}: ${done}${area}`;
}

/** As short as tells it apart; the full view says where a copy came from. */
function shortFrame(change: Parameters<typeof frameWords>[0]): string {
  switch (change.action) {
    case 'zeroed':
      return `frame ${hex(change.frame)}`;
    case 'copied':
      return `copied to frame ${hex(change.frame)}`;
    default:
      return frameWords(change);
  }
}
