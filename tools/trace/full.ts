import type { Change, HandlerStep } from '../../kernel/index.ts';
import { type Paint, PLAIN } from './paint.ts';
import {
  areaWords,
  callWords,
  frameWords,
  hex,
  isBad,
  isFrame,
  PRIVILEGE_WORDS,
  resultWords,
  type TrapView,
  whyWords,
} from './view.ts';

/** Columns that a line may take behind its label before it is broken where it can be. */
const WIDE = 100;
/** Columns of a word that looks lost in a line of its own. */
const SHORT = 12;

/** The whole story of one trap, nested traps inside it; the last line is empty. */
export function fullView(flow: TrapView, paint: Paint = PLAIN): string[] {
  return [...story(flow, paint), ''];
}

function story(flow: TrapView, paint: Paint): string[] {
  const { trap, hart, process, instruction } = flow;
  return [
    paint.bold(`trap ${trap} · hart ${hart} · process ${process} · instruction ${instruction}`),
    `  at      ${originWords(flow)}`,
    ...accessLines(flow),
    ...rawLines(flow),
    ...walkLines(flow, paint),
    ...infoLines(flow),
    ...(flow.call ? [`  call    ${callWords(flow.call)}`] : []),
    ...labelled(
      'tried',
      flow.steps.flatMap((step) => stepLines(step, paint)),
    ),
    ...flow.nested.flatMap((inner) => story(inner, paint).map((line) => `    ${line}`)),
    ...surroundingLines(flow),
    `  outcome ${outcomeWords(flow, paint)}`,
  ];
}

/** Lines under one label, which stands before the first. */
function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(7)} ${line}`);
}

function originWords({ origin }: TrapView): string {
  const where = `${hex(origin.pc)}  ${(origin.symbol ?? '').padEnd(9)} ${origin.text}`;
  return `${where.padEnd(60)} ${PRIVILEGE_WORDS[origin.privilege]}`;
}

function accessLines({ access, origin }: TrapView): string[] {
  if (!access) return [];
  const atomic = access.atomicity === 'plain' ? '' : ` (${access.atomicity})`;
  const as = access.privilege === origin.privilege ? '' : `, judged as ${PRIVILEGE_WORDS[access.privilege]}`;
  const bytes = access.size === 1 ? '1 byte' : `${access.size} bytes`;
  return [`  access  ${access.kind}${atomic}, ${bytes} at ${hex(access.address)}${as}`];
}

/**
 * The cause first, by the number that the manual gives it. Of a register that has fields which matter those are shown,
 * of the last one, the status register, nothing else.
 */
function rawLines({ raw }: TrapView): string[] {
  const last = raw.registers.length - 1;
  const words = raw.registers.map(({ name, value }, i) => {
    if (i === 0) return `${name} ${raw.code ?? hex(value)} (${raw.summary})`;
    const fields = raw.fields
      .filter(({ register }) => register === name)
      // What a field means is behind the comma.
      .map((field) => `${field.name}=${field.text.split(', ')[0]}`)
      .join(' ');
    if (fields === '') return `${name} ${hex(value)}`;
    return i === last ? `${name} ${fields}` : `${name} ${hex(value)} (${fields})`;
  });
  const lines: string[][] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line && [...line, word].join('  ').length <= WIDE) line.push(word);
    else lines.push([word]);
  }
  // A little word does not stand alone.
  const [before, end] = lines.slice(-2);
  if (end?.length === 1 && end[0].length < SHORT && before.length > 1) end.unshift(...before.splice(-1));
  return labelled(
    'raw',
    lines.map((line) => line.join('  ')),
  );
}

/** Faults that no page-table change cures and that are page faults all the same. */
const HARD_PAGE_FAULTS: ReadonlySet<string | undefined> = new Set(['reserved bits', 'protection key']);

function walkLines({ walk, kind, info }: TrapView, paint: Paint): string[] {
  if (!walk) return [];
  const { result } = walk;
  const head = `${walk.mode}, root ${hex(walk.root)}, ASID ${walk.asid}`;
  const fault = 'fault' in result ? result.fault : undefined;
  const isPageFault = kind === 'page fault' || HARD_PAGE_FAULTS.has(info?.corrected?.hard);
  const mark = isPageFault ? '← page fault' : '← access fault';
  if (fault !== undefined && walk.steps.length === 0)
    return labelled('walk', [`${head}: ${fault}  ${paint.bad(mark)}`]);
  const entries = walk.steps.map(({ entry }) => (entry === undefined ? 'unreadable' : hex(entry)));
  const width = Math.max(10, ...entries.map((bits) => bits.length));
  const places = Math.max(...walk.steps.map(({ entryAddress }) => hex(entryAddress).length));
  const rows = walk.steps.map(({ level, index, entryAddress, decision }, i) => {
    const decided = i === walk.steps.length - 1 && fault !== undefined;
    // A leaf that denies the access is still a leaf: say what it is, and what was wrong with it.
    const verdict = decided && !decision.includes(fault) ? `${decision}: ${fault}` : decision;
    const place = `entry ${hex(index).padStart(3)} at ${hex(entryAddress).padStart(places)}`;
    const left = `level ${level}  ${place} = ${entries[i].padEnd(width)}`;
    return decided ? `${left} ${verdict.padEnd(20)} ${paint.bad(mark)}` : `${left} ${verdict}`;
  });
  return labelled('walk', [head, ...rows]);
}

function infoLines({ info, userAccess }: TrapView): string[] {
  if (!info) return [];
  const { corrected } = info;
  const words = [
    info.reason,
    corrected?.wasFetch ? 'fetch' : info.wasWrite ? 'write' : 'read',
    info.wasUserMode ? 'user' : 'kernel',
    `user-access flag ${userAccess ? 'on' : 'off'}`,
    ...(corrected?.hard ? [corrected.hard] : corrected ? [`walked again: ${corrected.class}`] : []),
  ];
  return [`  info    ${words.join(' · ')}`];
}

function stepLines(step: HandlerStep, paint: Paint): string[] {
  const area = step.area ? `area ${areaWords(step.area)}:` : '';
  const why = whyWords(step);
  // Some verdicts name the frame themselves.
  const frames = why.includes('→') ? [] : step.changes.filter(isFrame).map(frameWords);
  const verdict = step.verdict === 'refused' ? paint.dim('refused, ') : '';
  const what = [why, ...frames].join(' → ');
  const invalidated = step.changes.some(({ kind }) => kind === 'invalidation');
  const changes = step.changes.flatMap((change) => changeWords(change, invalidated));
  const name = step.step.padEnd(15);
  if (area === '') return [`${name} ${verdict}${what}`, ...changes];
  if (name.length + area.length + what.length < WIDE) return [`${name} ${verdict}${area} ${what}`, ...changes];
  return [`${name} ${verdict}${area}`, `${''.padEnd(15)} ${what}`, ...changes];
}

function changeWords(change: Change, invalidated: boolean): string[] {
  switch (change.kind) {
    case 'frame':
      return [];
    case 'entry': {
      const rights = change.rights === '' ? '' : ` (${change.rights})`;
      const entry = `entry ${hex(change.address)}: ${hex(change.before)} → ${hex(change.after)}${rights}`;
      return [invalidated ? entry : `${entry}, no invalidation needed`];
    }
    case 'invalidation': {
      const what = change.address === undefined ? 'everything' : `page ${hex(change.address)}`;
      const whose = change.asid === undefined ? '' : ` of ASID ${change.asid}`;
      return [`invalidated ${what}${whose} on hart ${change.hart}: ${count(change.dropped, 'translation')} dropped`];
    }
    case 'area':
      return [`area ${areaWords(change.area)}: ${change.action}`];
  }
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

function surroundingLines({ surroundings }: TrapView): string[] {
  if (!surroundings) return [];
  const { registers, backtrace, areas } = surroundings;
  const cells = registers.map(({ name, value }) => `${name.padStart(4)} ${hex(value).padEnd(16)}`);
  const rows: string[] = [];
  for (let i = 0; i < cells.length; i += 4) {
    rows.push(
      cells
        .slice(i, i + 4)
        .join(' ')
        .trimEnd(),
    );
  }
  return [
    ...labelled('regs', rows),
    ...labelled(
      'stack',
      backtrace.map(({ pc, symbol }, i) => `#${i} ${hex(pc)}${symbol ? ` ${symbol}` : ''}`),
    ),
    ...labelled('areas', areas.map(areaWords)),
  ];
}

function outcomeWords(flow: TrapView, paint: Paint): string {
  const words = plainOutcome(flow);
  return isBad(flow.outcome) ? paint.bad(words) : flow.outcome.kind === 'resolved' ? paint.good(words) : words;
}

function plainOutcome(flow: TrapView): string {
  const { outcome } = flow;
  switch (outcome.kind) {
    case 'resolved':
      return `resolved; retried at ${hex(outcome.retriedAt)}`;
    case 'returned':
      return `returned ${resultWords(flow, outcome.value)}`;
    case 'errno':
      return `returned -${outcome.errno} (${outcome.name})`;
    case 'blocked':
      return `waits for ${outcome.on}`;
    case 'signal':
      return `${outcome.signal} (${outcome.code}) at ${hex(outcome.address)}; exit ${outcome.exit}`;
    case 'exit':
      return `exit ${outcome.status}`;
    case 'rescheduled':
      return 'rescheduled';
    case 'panic':
      return `kernel panic: ${outcome.message}`;
    case 'delivered':
      return `delivered to ${PRIVILEGE_WORDS[outcome.to]}, vector ${hex(outcome.vector)}`;
  }
}
