import type { Difference } from './differences.ts';

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
  const outcome = one.end !== other.end || one.output.join('\n') !== other.output.join('\n');
  const whole = outcome ? rows.find((row) => row.outcome?.test(other.end)) : undefined;
  if (whole) reasons.set(whole, 0);
  else if (one.end !== other.end) unexplained.push(`ends with ${other.end}, not ${one.end}`);
  else if (outcome) {
    const [left, right] = unique(one.output, other.output);
    unexplained.push(`prints ${JSON.stringify(right[0] ?? '')}, not ${JSON.stringify(left[0] ?? '')}`);
  }
  // The class is what the walk of the corrected handler says; the other policy has no word for it.
  const plain = (line: string) => (pair.between === 'policies' ? line.replace(/ \([a-z ]+\)(?= \|)/, '') : line);
  const [left, right] = unique(one.flow.map(plain), other.flow.map(plain));
  for (const [line, sign] of [...left.map((line) => [line, '-']), ...right.map((line) => [line, '+'])]) {
    const row = rows.find(({ lines }) => lines?.test(line)) ?? whole;
    if (row) reasons.set(row, (reasons.get(row) ?? 0) + 1);
    else unexplained.push(`${sign} ${line}`);
  }
  return { outcome, reasons, unexplained };
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
