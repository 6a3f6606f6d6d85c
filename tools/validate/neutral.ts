import type { AreaView, Change, Outcome, TrapFlow } from '../../kernel/index.ts';

/**
 * Trap flows as one line each in words that no target colours: access, info, steps and outcome, addresses relative to
 * areas. What differs between builds and targets (pcs, frames, instruction counts, pointers, the bytes of a fetch, timer
 * interrupts, the manual's names of exceptions) is left out.
 */
export function neutralLines(flows: readonly TrapFlow[]): string[] {
  return collapse(flows.filter(({ kind }) => kind !== 'interrupt').flatMap((flow) => lines(flow, '')));
}

function lines(flow: TrapFlow, indent: string): string[] {
  const parts = [
    `p${flow.process} ${flow.origin.privilege}${flow.userAccess ? ' under the flag' : ''}`,
    subject(flow),
    ...flow.steps.map((step) => {
      const changes = step.changes.map((change) => describe(change)).join(', ');
      return `${step.step} ${step.verdict}: ${withoutNumbers(step.why)}${changes && ` [${changes}]`}`;
    }),
    outcome(flow.outcome),
  ];
  return [`${indent}${parts.join(' | ')}`, ...flow.nested.flatMap((nested) => lines(nested, `${indent}  `))];
}

function subject(flow: TrapFlow): string {
  const { access, info, call, kind } = flow;
  if (call) return `${call.name}(${call.args.map((arg) => withoutNumbers(arg)).join(', ')})`;
  if (!access) return kind;
  const area = areaOf(flow, access.address);
  const place = area ? area.name : 'no area';
  const atomic = access.atomicity === 'plain' ? '' : ` ${access.atomicity}`;
  const page = area ? ` page ${(access.address - area.start) / 4096n}` : '';
  const words = info ? `: ${info.reason}${info.wasWrite ? ' write' : ''}${info.wasUserMode ? ' user' : ''}` : '';
  const corrected = info?.corrected ? ` (${info.corrected.class})` : '';
  const size = access.kind === 'fetch' ? '' : ` ${access.size}`;
  return `${access.kind}${atomic}${size} in ${place}${page}${words}${corrected}`;
}

function areaOf(flow: TrapFlow, address: bigint): AreaView | undefined {
  const known = [
    ...flow.steps.flatMap((step) => [
      ...(step.area ? [step.area] : []),
      ...step.changes.flatMap((change) => (change.kind === 'area' ? [change.area] : [])),
    ]),
    ...(flow.surroundings?.areas ?? []),
  ];
  return known.find((area) => address >= area.start && address < area.end);
}

function describe(change: Change): string {
  switch (change.kind) {
    case 'frame':
      return `frame ${change.action}`;
    case 'entry':
      return change.after === 0n ? 'entry cleared' : 'entry written';
    case 'invalidation':
      return `invalidated on hart ${change.hart}`;
    case 'area':
      return `area ${change.action}`;
  }
}

function outcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'resolved':
    case 'rescheduled':
      return outcome.kind;
    case 'returned':
      return `= ${outcome.value < 0x1000n ? outcome.value : 'address'}`;
    case 'errno':
      return outcome.name;
    case 'blocked':
      return `waits for ${outcome.on}`;
    case 'signal':
      return `${outcome.signal} ${outcome.code}, exit ${outcome.exit}`;
    case 'exit':
      return `exits ${outcome.status}`;
    case 'panic':
      return `PANIC ${withoutNumbers(outcome.message)}`;
  }
}

/** Addresses, frames and ranges by what they are, since their numbers differ between builds. */
export const withoutNumbers = (text: string): string =>
  text
    .replace(/\bframe [0-9a-f]+\b/g, 'frame #')
    .replace(/0x[0-9a-f]{4,}/g, 'ptr')
    .replace(/\b[0-9a-f]{4,}\b(–[0-9a-f]{4,}\b)?/g, (hex) => (/\d/.test(hex) ? '#' : hex));

/** Runs of lines that differ only in the page they name become one. */
function collapse(all: readonly string[]): string[] {
  const result: string[] = [];
  let count = 0;
  let previous = '';
  const flush = () => {
    if (count > 0) result.push(count > 1 ? `${previous} ×${count}` : previous);
  };
  for (const line of all) {
    const key = line.replace(/ page -?\d+/, ' page …');
    if (count > 0 && key === previous.replace(/ page -?\d+/, ' page …')) {
      previous = key;
      count++;
      continue;
    }
    flush();
    previous = line;
    count = 1;
  }
  flush();
  return result;
}
