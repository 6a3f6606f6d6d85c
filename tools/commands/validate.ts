import { TARGETS } from '../../machine/index.ts';
import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { breathe, write } from '../host.ts';
import { choice, type Given, TARGET_OPTION } from '../run-options.ts';
import { type Paint, paintFor } from '../trace/paint.ts';
import { DIFFERENCES } from '../validate/differences.ts';
import { fill, type Plan, type Row, stale } from '../validate/matrix.ts';
import type { Policies } from '../validate/observe.ts';
import { failureLines, flowLines, summarise, summaryLines, validateJson } from '../validate/report.ts';
import { type Scenario, scenarios } from '../validate/scenarios.ts';
import { Letters, tableLines, wrapped } from '../validate/table.ts';

/** The first is what the others are compared with. */
const POLICIES: readonly Policies[] = [
  { policy: 'corrected', uaccess: 'corrected' },
  { policy: 'corrected', uaccess: 'axptr' },
  { policy: 'veridian', uaccess: 'corrected' },
  { policy: 'veridian', uaccess: 'axptr' },
];

const HEADINGS: Readonly<Record<Scenario['group'], string>> = {
  'user access': 'Kernel access to user memory: each edge case through a system call of its own',
  faults: 'Faults: each guest, and what it came to',
  'bare metal': 'Bare metal: images with a kernel of their own, so no policies',
};

/** Where no terminal says how wide it is. */
const WIDTH = 120;

/** `faultline validate`: every scenario on every target under every policy, outcomes side by side. */
export const validate: Command = {
  name: 'validate',
  operands: '[scenario]',
  describe: 'Run every edge case and fault scenario on every target under every policy, and explain each difference',
  options: {
    target: TARGET_OPTION,
    policy: { type: 'string', requiresArg: true, describe: 'Only this page-fault handler: corrected or veridian' },
    uaccess: { type: 'string', requiresArg: true, describe: 'Only these user pointers: corrected or axptr' },
    'strict-tlb': { type: 'boolean', describe: 'Report translations used that the page tables no longer hold' },
    json: { type: 'boolean', describe: 'One JSON object on stdout instead of tables' },
  },
  examples: [
    ['validate', 'everything; status 1 where a difference has no explanation'],
    ['validate cow', 'the scenarios with “cow” in their name'],
    ['validate --json --target riscv64', 'for scripts'],
  ],
  run: (given, part) =>
    runPlan(planOf(given, part), {
      json: given.json === true,
      whole: part === undefined && ['target', 'policy', 'uaccess'].every((name) => given[name] === undefined),
      width: process.stdout.columns ?? WIDTH,
      paint: paintFor({ isTTY: process.stdout.isTTY }, process.env),
      print: (text) => write(1, text),
    }),
};

/** How a validation is told. */
export interface Telling {
  readonly json: boolean;
  /** Nothing was left out: reasons that explain nothing are told. */
  readonly whole: boolean;
  /** Columns. */
  readonly width: number;
  readonly paint: Paint;
  readonly print: (text: string) => void;
}

/** Runs a plan and tells of it, a group as soon as it is done; returns the exit status. */
export async function runPlan(plan: Plan, { json, whole, width, paint, print }: Telling): Promise<number> {
  const letters = new Letters();
  const rows: Row[] = [];
  if (!json) print(`${legend(plan, width).join('\n')}\n\n`);
  for (const group of Object.keys(HEADINGS) as Scenario['group'][]) {
    const own: Row[] = [];
    for (const scenario of plan.scenarios.filter((one) => one.group === group)) {
      own.push(fill(plan, scenario));
      await breathe();
    }
    rows.push(...own);
    if (own.length === 0 || json) continue;
    const policies = group === 'bare metal' ? plan.policies.slice(0, 1) : plan.policies;
    const lines = tableLines(HEADINGS[group], own, { targets: plan.targets, policies }, letters, width, paint);
    print(`${lines.join('\n')}\n`);
  }
  const idle = whole ? stale(plan, rows) : [];
  const summary = summarise(rows, idle);
  if (json) print(`${validateJson(plan, rows, idle)}\n`);
  else {
    const lines = [
      ...flowLines(rows, width, paint),
      ...failureLines(rows, idle, width, paint),
      ...summaryLines(summary, plan, paint),
    ];
    print(`${lines.join('\n')}\n`);
  }
  return summary.failed + summary.stale > 0 ? 1 : 0;
}

function planOf(given: Given, part: string | undefined): Plan {
  const names = TARGETS.map(({ name }) => name);
  const target = given.target === undefined ? undefined : choice(given, 'target', names);
  const policy = given.policy === undefined ? undefined : choice(given, 'policy', ['corrected', 'veridian']);
  const uaccess = given.uaccess === undefined ? undefined : choice(given, 'uaccess', ['corrected', 'axptr']);
  const chosen = scenarios().filter(({ name }) => part === undefined || name.includes(part));
  if (chosen.length === 0) throw new UserError(`validate: no scenario with '${part}' in its name`);
  return {
    targets: TARGETS.filter(({ name }) => target === undefined || name === target),
    policies: POLICIES.filter(
      (one, i) => i === 0 || ((policy ?? one.policy) === one.policy && (uaccess ?? one.uaccess) === one.uaccess),
    ),
    scenarios: chosen,
    differences: DIFFERENCES,
    strictTlb: given['strict-tlb'] === true,
  };
}

function legend({ targets }: Plan, width: number): string[] {
  const [first, ...others] = targets.map(({ name }) => name);
  const both = others.length > 0 ? ` and with ${first}'s` : '';
  const text = `Columns: page-fault handler (--policy) above user pointers (--uaccess). Each run is compared with that under the corrected policies${both}, its trap flow included.`;
  return [...wrapped(text, width), '=  as under corrected    a  explained below    !  wrong    –  no such guest'];
}
