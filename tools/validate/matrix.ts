import type { Isa } from '../../machine/index.ts';
import { hasTarget } from '../built-in.ts';
import { type Comparison, compare, type Pair } from './compare.ts';
import type { Difference } from './differences.ts';
import { EDGE_CASES, type Expected } from './edge-cases.ts';
import { observe, observeBare, type Policies, type Run } from './observe.ts';
import type { Scenario } from './scenarios.ts';

/** What is to be run. The first of `policies` is what the others are compared with, as the first of `targets` is. */
export interface Plan {
  readonly targets: readonly Isa[];
  readonly policies: readonly Policies[];
  readonly scenarios: readonly Scenario[];
  readonly differences: readonly Difference[];
  readonly strictTlb: boolean;
}

/** One run, and how it compares. */
export interface Cell {
  readonly target: string;
  /** Undefined: a bare-metal image, whose kernel is its own. */
  readonly policies: Policies | undefined;
  readonly run: Run;
  /** How it came out, in a word: `EFAULT`, `exit 0`, `SIGSEGV`, `panic`. */
  readonly outcome: string;
  /** What it should come to, where the table of edge cases or the guest says so. */
  readonly expected: string | undefined;
  /** With the corrected policies', and with the first target's; undefined: it is the one compared with. */
  readonly fromCorrected: Comparison | undefined;
  readonly fromFirstTarget: Comparison | undefined;
  /** What is wrong with it, one line each; none: all is as it should be. */
  readonly failures: readonly string[];
}

/** A scenario on every target that has its guest, target by target. */
export interface Row {
  readonly scenario: Scenario;
  /** The case of user-access.md that it is a form of. */
  readonly edgeCase: string | undefined;
  readonly cells: readonly Cell[];
}

/** Runs a scenario everywhere and compares. */
export function fill(plan: Plan, scenario: Scenario): Row {
  const edge = EDGE_CASES.find(({ rows }) => rows.some(({ name }) => scenario.name === `user-access ${name}`));
  const expectedRow = edge?.rows.find(({ name }) => scenario.args[0] === name);
  const bare = scenario.guest.kind === 'bare';
  const cells: Cell[] = [];
  for (const isa of plan.targets.filter((target) => hasTarget(scenario.guest, target.name))) {
    const base = cells.length;
    for (const policies of bare ? [undefined] : plan.policies) {
      const run = policies
        ? observe(isa, scenario, policies, plan.strictTlb)
        : observeBare(isa, scenario, plan.strictTlb);
      const pair = (between: Pair['between']): Pair => ({
        scenario: scenario.name,
        between,
        policies: policies ? [policies.policy, policies.uaccess] : [],
        target: isa.name,
      });
      const versus = (cell: Cell | undefined, between: Pair['between']) =>
        cell && compare(pair(between), cell.run, run, plan.differences);
      const fromCorrected = versus(cells[base], 'policies');
      const twin = cells.find((cell) => cell.target === plan.targets[0].name && cell.policies === policies);
      const fromFirstTarget = bare ? undefined : versus(twin, 'targets');
      const isBase = policies === undefined || policies === plan.policies[0];
      const expected = expectation(scenario, expectedRow, policies, isBase);
      const outcome = expectedRow ? edgeOutcome(run, scenario.args[0]) : outcomeWord(run);
      const cell = { target: isa.name, policies, run, outcome, expected, fromCorrected, fromFirstTarget };
      cells.push({ ...cell, failures: failuresOf(cell) });
    }
  }
  return { scenario, edgeCase: edge?.case, cells };
}

type ExpectedRow = { readonly axptr: Expected; readonly corrected: Expected } | undefined;

function expectation(
  scenario: Scenario,
  row: ExpectedRow,
  policies: Policies | undefined,
  isBase: boolean,
): string | undefined {
  if (row && policies) return row[policies.uaccess];
  return isBase ? `exit ${scenario.status}` : undefined;
}

/** What the guest says of a row of the table, or what became of it. */
function edgeOutcome(run: Run, name: string): string {
  const said = run.output.flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : [])).at(-1);
  return said === undefined ? outcomeWord(run) : said.split(' ')[0];
}

/** The end in one or two words. */
function outcomeWord({ end }: Run): string {
  return end.startsWith('panic') ? 'panic' : /^SIG[A-Z]+/.test(end) ? end.split(' ')[0] : end;
}

function failuresOf(cell: Omit<Cell, 'failures'>): string[] {
  const { run, outcome, expected, fromCorrected, fromFirstTarget } = cell;
  const failures = [
    ...(fromCorrected?.unexplained ?? []).map((what) => `from the corrected policies: ${what}`),
    ...(fromFirstTarget?.unexplained ?? []).map((what) => `from the first target: ${what}`),
    ...run.notices.map((notice) => `stale translation used: ${notice}`),
  ];
  if (expected === undefined || outcome === expected || `exit ${run.status}` === expected) return failures;
  // The other fault policy may keep a user pointer from what it promises, where a row says so.
  const excused =
    cell.policies?.policy === 'veridian' &&
    [...(fromCorrected?.reasons.keys() ?? [])].some((row) => row.policy === 'veridian' && row.outcome);
  return excused ? failures : [`should be ${expected}, is ${outcome}`, ...failures];
}

/** Rows that explain nothing, of those that could: a run of a part of the scenarios judges none. */
export function stale(plan: Plan, rows: readonly Row[]): readonly Difference[] {
  const used = new Set(
    rows.flatMap(({ cells }) =>
      cells.flatMap(({ fromCorrected, fromFirstTarget }) => [
        ...(fromCorrected?.reasons.keys() ?? []),
        ...(fromFirstTarget?.reasons.keys() ?? []),
      ]),
    ),
  );
  const here = plan.targets.map(({ name }) => name);
  return plan.differences.filter(
    (row) =>
      !used.has(row) &&
      (row.target === undefined || here.includes(row.target)) &&
      (row.between === 'policies' || here.length > 1),
  );
}
