import type { Difference } from './differences.ts';
import { withoutNumbers } from './neutral.ts';

/** What a run came to, in words that no target and no policy colours. */
export interface Observation {
  /** `exit 0`, `SIGSEGV SEGV_MAPERR`, `panic: …`. */
  readonly end: string;
  /** What it printed, by line. */
  readonly output: readonly string[];
  /** The neutral lines of its traps. */
  readonly flow: readonly string[];
}

/** Which comparison is made: one side is under the corrected policies, or is the first target. */
export interface Pair {
  readonly scenario: string;
  readonly between: Difference['between'];
  /** The policies of the other side; of both, where targets are compared. */
  readonly policies: readonly string[];
  /** The other side's target. */
  readonly target: string;
}

/** What a comparison found. */
export interface Comparison {
  /** The ends or the printed lines differ. */
  readonly outcome: boolean;
  /** The rows that explain something, with the number of flow lines that each explains. */
  readonly reasons: ReadonlyMap<Difference, number>;
  /** What no row explains, one line each. */
  readonly unexplained: readonly string[];
}

/** Whether a row speaks of such a comparison at all. */
export function applies(row: Difference, pair: Pair): boolean {
  return (
    row.between === pair.between &&
    (row.scenarios === undefined || row.scenarios.includes(pair.scenario)) &&
    (row.policy === undefined || pair.policies.includes(row.policy)) &&
    (row.target === undefined || row.target === pair.target)
  );
}

/** Compares two runs of one scenario and explains each difference by the rows that apply. */
export function compare(
  pair: Pair,
  one: Observation,
  other: Observation,
  differences: readonly Difference[],
): Comparison {
  const rows = differences.filter((row) => applies(row, pair));
  const reasons = new Map<Difference, number>();
  const unexplained: string[] = [];
  // Kernel addresses that a guest prints are each target's own.
  const printed = ({ output }: Observation) =>
    pair.between === 'targets' ? output.map((line) => withoutNumbers(line)) : output;
  const outcome = one.end !== other.end || printed(one).join('\n') !== printed(other).join('\n');
  const whole = outcome ? rows.find((row) => row.outcome?.test(other.end)) : undefined;
  if (!whole && one.end !== other.end) unexplained.push(`ends with ${other.end}, not ${one.end}`);
  else if (!whole && outcome) {
    const [left, right] = unique(printed(one), printed(other));
    unexplained.push(`prints ${JSON.stringify(right[0] ?? '')}, not ${JSON.stringify(left[0] ?? '')}`);
  }
  // The class is what the walk of the corrected handler says; the other policy has no word for it.
  const plain = (line: string) => (pair.between === 'policies' ? line.replace(/ \([a-z ]+\)(?= \|)/, '') : line);
  const [mine, theirs] = [one, other].map(({ flow }) => sorted(flow.map(plain), rows));
  /** Lines that one side alone has, of which a row says that both have them. */
  const odd: string[] = [];
  // Lines that a row speaks of may come at another time as well: what the rest of the flow is compared without.
  for (const row of new Set([...mine.told.keys(), ...theirs.told.keys()])) {
    const [one, other] = [mine.told.get(row) ?? [], theirs.told.get(row) ?? []];
    const [fewer, more] = [surplus(one, other), surplus(other, one)];
    if (row.order) {
      odd.push(...fewer.map((line) => `- ${line}`), ...more.map((line) => `+ ${line}`));
      const [moved] = unique(one, other);
      if (moved.length > fewer.length) reasons.set(row, moved.length - fewer.length);
    } else if (fewer.length + more.length > 0) reasons.set(row, fewer.length + more.length);
  }
  const [left, right] = unique(mine.rest, theirs.rest);
  if (whole) reasons.set(whole, odd.length + left.length + right.length);
  else unexplained.push(...odd, ...left.map((line) => `- ${line}`), ...right.map((line) => `+ ${line}`));
  return { outcome, reasons, unexplained };
}

/** The lines of a flow by the first row that speaks of them, and those of which none does. */
function sorted(lines: readonly string[], rows: readonly Difference[]) {
  const told = new Map<Difference, string[]>();
  const rest: string[] = [];
  for (const line of lines) {
    const row = rows.find((one) => one.lines?.test(line));
    if (row) told.set(row, [...(told.get(row) ?? []), line]);
    else rest.push(line);
  }
  return { told, rest };
}

/** The lines of one collection that the other has not, or not as often, in whatever order. */
function surplus(one: readonly string[], other: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1);
  return one.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}

/** The lines that only one of two texts has, by their longest common subsequence. */
function unique(one: readonly string[], other: readonly string[]): [string[], string[]] {
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint32Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      lengths[i][j] = one[i] === other[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const left: string[] = [];
  const right: string[] = [];
  let i = 0;
  let j = 0;
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) {
      i++;
      j++;
    } else if (lengths[i + 1][j] >= lengths[i][j + 1]) left.push(one[i++]);
    else right.push(other[j++]);
  }
  return [
    [...left, ...one.slice(i)],
    [...right, ...other.slice(j)],
  ];
}
