import { stringify } from '../trace/json.ts';
import type { Paint } from '../trace/paint.ts';
import type { Difference } from './differences.ts';
import type { Cell, Plan, Row } from './matrix.ts';
import { noteLines, whose } from './table.ts';

/** What a validation came to, in numbers. */
export interface Summary {
  readonly scenarios: number;
  readonly runs: number;
  /** Runs whose outcome is another than that compared with. */
  readonly different: number;
  /** Runs of which something is wrong: unexplained, or against what is expected. */
  readonly failed: number;
  /** Outcomes that are given by the table of edge cases, or by the guest. */
  readonly expected: number;
  readonly asExpected: number;
  readonly stale: number;
}

const cellsOf = (rows: readonly Row[]) => rows.flatMap(({ cells }) => cells);
const comparisons = ({ fromCorrected, fromFirstTarget }: Cell) =>
  [fromCorrected, fromFirstTarget].filter((one) => one !== undefined);

export function summarise(rows: readonly Row[], stale: readonly Difference[]): Summary {
  const cells = cellsOf(rows);
  const judged = cells.filter(({ expected }) => expected !== undefined);
  return {
    scenarios: rows.length,
    runs: cells.length,
    different: cells.filter((cell) => comparisons(cell).some(({ outcome }) => outcome)).length,
    failed: cells.filter(({ failures }) => failures.length > 0).length,
    expected: judged.length,
    asExpected: judged.filter(({ failures }) => failures.length === 0).length,
    stale: stale.length,
  };
}

/** The reasons why flows differ that end alike, with how many scenarios each is needed for. */
export function flowLines(rows: readonly Row[], width: number, paint: Paint): string[] {
  const uses = new Map<Difference, Set<string>>();
  for (const { scenario, cells } of rows) {
    for (const reason of cells.flatMap(comparisons).flatMap(({ reasons }) => [...reasons.keys()])) {
      if (reason.lines) uses.set(reason, (uses.get(reason) ?? new Set()).add(scenario.name));
    }
  }
  const section = (between: Difference['between'], heading: string) => {
    const own = [...uses]
      .filter(([reason]) => reason.between === between)
      .toSorted(([, a], [, b]) => b.size - a.size)
      .map(([reason, names]) => ({ reason, who: whose(reason), names }));
    if (own.length === 0) return [];
    const wide = Math.max(...own.map(({ who }) => who.length));
    const lines = own.flatMap(({ reason, who, names }) =>
      noteLines(`  ${String(names.size).padStart(3)} ${who.padEnd(wide)} `, reason, width, paint),
    );
    return [paint.bold(heading), '', ...lines, ''];
  };
  return [
    ...section('policies', 'Same end, another flow than under the corrected policies: scenarios, and why'),
    ...section('targets', 'Same end, another flow than on the first target: scenarios, and why'),
  ];
}

/** What is wrong, one line each; at most a few of one run. */
export function failureLines(
  rows: readonly Row[],
  stale: readonly Difference[],
  width: number,
  paint: Paint,
): string[] {
  const MOST = 4;
  const lines = rows.flatMap(({ scenario, cells }) =>
    cells.flatMap(({ target, policies, failures }) => {
      const where = [target, policies?.policy, policies?.uaccess].filter((word) => word !== undefined).join('/');
      const shown = failures.slice(0, MOST).map((what) => `  ${scenario.name}  ${where}: ${what}`);
      return failures.length > MOST
        ? [...shown, `  ${scenario.name}  ${where}: and ${failures.length - MOST} more`]
        : shown;
    }),
  );
  const idle = stale.map((row) => `  explains nothing: ${whose(row)}: ${row.reason} (${row.clause})`);
  if (lines.length + idle.length === 0) return [];
  const cut = (line: string) => (line.length > width ? `${line.slice(0, width - 1)}…` : line);
  return [paint.bad(paint.bold('Not as it should be')), '', ...[...lines, ...idle].map(cut), ''];
}

/** The last two lines. */
export function summaryLines(summary: Summary, plan: Plan, paint: Paint): string[] {
  const { scenarios, runs, different, failed, expected, asExpected, stale } = summary;
  const size = [count(scenarios, 'scenario'), count(plan.targets.length, 'target')];
  const bad = [
    ...(failed > 0 ? [`${count(failed, 'run')} not as it should be`] : []),
    ...(stale > 0 ? [`${count(stale, 'reason')} without use`] : []),
  ];
  const verdict = bad.length > 0 ? paint.bad(bad.join(' · ')) : paint.good('nothing unexplained');
  return [
    `${[...size, `${count(plan.policies.length, 'pair')} of policies`].join(', ')}: ${count(runs, 'run')}`,
    `${asExpected} of ${expected} outcomes as specified · ${count(different, 'other outcome')} · ${verdict}`,
  ];
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** Everything, for scripts. */
export function validateJson(plan: Plan, rows: readonly Row[], stale: readonly Difference[]): string {
  const reasons = [
    ...new Set(
      cellsOf(rows)
        .flatMap(comparisons)
        .flatMap(({ reasons }) => [...reasons.keys()]),
    ),
  ];
  const comparison = (one: Cell['fromCorrected']) =>
    one && {
      outcome: one.outcome,
      reasons: [...one.reasons].map(([row, lines]) => ({ reason: reasons.indexOf(row), lines })),
      unexplained: one.unexplained,
    };
  return stringify({
    format: 'faultline-validate',
    version: 1,
    targets: plan.targets.map(({ name }) => name),
    policies: plan.policies,
    reasons: reasons.map((row) => told(row)),
    scenarios: rows.map(({ scenario, edgeCase, cells }) => ({
      name: scenario.name,
      group: scenario.group,
      case: edgeCase,
      runs: cells.map(({ target, policies, run, outcome, expected, fromCorrected, fromFirstTarget, failures }) => ({
        target,
        policy: policies?.policy,
        uaccess: policies?.uaccess,
        outcome,
        end: run.end,
        status: run.status,
        expected,
        traps: run.traps,
        instructions: run.instructions,
        fromCorrected: comparison(fromCorrected),
        fromFirstTarget: comparison(fromFirstTarget),
        failures,
      })),
    })),
    stale: stale.map((row) => told(row)),
    summary: summarise(rows, stale),
  });
}

const told = ({ reason, clause, between, policy, target }: Difference) => ({ between, policy, target, reason, clause });
