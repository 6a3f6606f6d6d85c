import type { Isa } from '../../machine/index.ts';
import type { Paint } from '../trace/paint.ts';
import type { Difference } from './differences.ts';
import type { Cell, Row } from './matrix.ts';
import type { Policies } from './observe.ts';

/** What the columns of a table are. */
export interface Columns {
  readonly targets: readonly Isa[];
  readonly policies: readonly Policies[];
}

/** Letters for the reasons under the tables, in the order in which they are first needed. */
export class Letters {
  private readonly letters = new Map<Difference, string>();

  /** Its place among the letters. */
  order(reason: Difference): number {
    return [...this.letters.keys()].indexOf(reason);
  }

  of(reason: Difference): string {
    const known = this.letters.get(reason);
    if (known !== undefined) return known;
    const n = this.letters.size;
    const letter =
      n < 26
        ? String.fromCharCode(97 + n)
        : `${String.fromCharCode(97 + Math.floor(n / 26) - 1)}${String.fromCharCode(97 + (n % 26))}`;
    this.letters.set(reason, letter);
    return letter;
  }
}

/** Text of some width on the screen, colours not counted. */
interface Text {
  readonly plain: string;
  readonly painted: string;
}

const padded = ({ plain, painted }: Text, width: number) => painted + ' '.repeat(Math.max(0, width - plain.length));

const GAP = 2;
/** Columns of one target are held apart from the next one's. */
const TARGET_GAP = 4;

/**
 * The scenarios of a group, policies side by side and, where the width allows, targets too; under each table, the reason
 * of each difference in it.
 */
export function tableLines(
  heading: string,
  rows: readonly Row[],
  columns: Columns,
  letters: Letters,
  width: number,
  paint: Paint,
): string[] {
  // In the order in which they are read.
  for (const row of rows) for (const cell of row.cells) for (const reason of outcomeReasons(cell)) letters.of(reason);
  const name = Math.max(...rows.map((row) => label(row).length));
  const widths = columns.targets.map((isa) => policyWidths(rows, isa, columns.policies, letters));
  const total = (targets: readonly number[][]) =>
    name + targets.reduce((sum, own) => sum + own.reduce((all, one) => all + one + GAP, TARGET_GAP), 0);
  const lines = [paint.bold(heading), ''];
  for (let from = 0; from < columns.targets.length; ) {
    let to = from + 1;
    while (to < columns.targets.length && total(widths.slice(from, to + 1)) <= width) to++;
    const part = { ...columns, targets: columns.targets.slice(from, to) };
    lines.push(...partLines(rows, part, name, widths.slice(from, to), letters, paint), '');
    from = to;
  }
  return [...lines, ...reasonLines(rows, letters, width, paint)];
}

const label = ({ scenario, edgeCase }: Row) => (edgeCase === undefined ? scenario.name : `  ${scenario.args[0]}`);

function policyWidths(rows: readonly Row[], isa: Isa, policies: readonly Policies[], letters: Letters): number[] {
  return policies.map((one) =>
    Math.max(
      isa.name.length,
      one.policy.length,
      one.uaccess.length,
      ...rows.map((row) => cellText(row, isa, one, letters, PLAIN_PAINT).plain.length),
    ),
  );
}

const same = (text: string) => text;
const PLAIN_PAINT: Paint = { bad: same, good: same, dim: same, bold: same };

function partLines(
  rows: readonly Row[],
  { targets, policies }: Columns,
  name: number,
  widths: readonly number[][],
  letters: Letters,
  paint: Paint,
): string[] {
  const lead = ' '.repeat(name);
  const gap = ' '.repeat(TARGET_GAP);
  const across = (text: (isa: Isa, policies: Policies, i: number) => Text) =>
    targets
      .map((isa, t) => gap + policies.map((one, i) => padded(text(isa, one, i), widths[t][i])).join(' '.repeat(GAP)))
      .join('');
  const word = (plain: string): Text => ({ plain, painted: paint.dim(plain) });
  const bare = rows.every(({ scenario }) => scenario.guest.kind === 'bare');
  const heads = [
    lead + targets.map((isa, t) => gap + paint.bold(isa.name) + ' '.repeat(span(widths[t]) - isa.name.length)).join(''),
    ...(bare
      ? []
      : [
          lead + across((_, { policy }, i) => word(i > 0 && policies[i - 1].policy === policy ? '' : policy)),
          lead + across((_, { uaccess }) => word(uaccess)),
        ]),
  ];
  const body: string[] = [];
  let edgeCase: string | undefined;
  for (const row of rows) {
    if (row.edgeCase !== edgeCase) {
      edgeCase = row.edgeCase;
      if (edgeCase !== undefined) body.push(paint.dim(edgeCase));
    }
    body.push(label(row).padEnd(name) + across((isa, one) => cellText(row, isa, one, letters, paint)));
  }
  return [...heads, ...body].map((line) => line.trimEnd());
}

const span = (widths: readonly number[]) => widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1));

/** `=` where it came out as under the corrected policies; a letter stands for each reason why it did not. */
function cellText(row: Row, isa: Isa, policies: Policies, letters: Letters, paint: Paint): Text {
  const cell = row.cells.find((one) => one.target === isa.name && (one.policies === policies || !one.policies));
  if (!cell) return { plain: '–', painted: paint.dim('–') };
  const base = row.cells.find((one) => one.target === isa.name);
  const equal = cell !== base && cell.outcome === base?.outcome && !cell.fromCorrected?.outcome;
  // One signal, two reasons for it: the code tells them apart.
  const [, code] = cell !== base && cell.outcome === base?.outcome ? cell.run.end.split(' ') : [];
  const word = equal ? '=' : (code ?? cell.outcome);
  const marks = [...outcomeReasons(cell)].map((reason) => letters.of(reason)).join('');
  const wrong = cell.failures.length > 0 ? '!' : '';
  const tail = marks + wrong;
  const plain = tail === '' ? word : `${word} ${tail}`;
  const painted = wrong
    ? paint.bad(plain)
    : equal
      ? paint.dim(plain)
      : marks === ''
        ? word
        : `${word} ${paint.dim(marks)}`;
  return { plain, painted };
}

/** The rows that explain why an outcome is another. */
export function outcomeReasons({ fromCorrected, fromFirstTarget }: Cell): ReadonlySet<Difference> {
  return new Set(
    [fromCorrected, fromFirstTarget].flatMap((comparison) =>
      [...(comparison?.reasons.keys() ?? [])].filter(({ outcome }) => outcome !== undefined),
    ),
  );
}

function reasonLines(rows: readonly Row[], letters: Letters, width: number, paint: Paint): string[] {
  const reasons = new Set(rows.flatMap(({ cells }) => cells.flatMap((cell) => [...outcomeReasons(cell)])));
  if (reasons.size === 0) return [];
  const noted = [...reasons].toSorted((a, b) => letters.order(a) - letters.order(b));
  const who = Math.max(...noted.map((reason) => whose(reason).length));
  const lines = noted.flatMap((reason) =>
    noteLines(`  ${letters.of(reason).padEnd(2)} ${whose(reason).padEnd(who)} `, reason, width, paint),
  );
  return [...lines, ''];
}

/** Where a difference is found: a policy, a target, or one on the other. */
export const whose = ({ policy, target }: Difference) =>
  [policy, target].filter((word) => word !== undefined).join(' on ');

/** A reason with what stands before it and its clause behind it, broken at words where the width does not hold both. */
export function noteLines(lead: string, { reason, clause }: Difference, width: number, paint: Paint): string[] {
  const indent = ' '.repeat(lead.length);
  const lines = wrapped(reason, width - lead.length - 1);
  const last = lines[lines.length - 1];
  const told = lines.map((line, i) => `${i === 0 ? lead : indent} ${line}`);
  if (lead.length + last.length + clause.length + 3 > width) return [...told, `${indent} ${paint.dim(clause)}`];
  return [...told.slice(0, -1), `${told[told.length - 1]}  ${paint.dim(clause)}`];
}

/** Text in lines of at most `width`, if its words allow. */
export function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
