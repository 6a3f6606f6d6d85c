import { describe, expect, it } from 'vitest';
import { TARGETS } from '../../../machine/index.ts';
import { builtIns, hasTarget } from '../../../tools/built-in.ts';
import { runPlan, type Telling } from '../../../tools/commands/validate.ts';
import { PLAIN } from '../../../tools/trace/paint.ts';
import { DIFFERENCES } from '../../../tools/validate/differences.ts';
import { EDGE_CASES } from '../../../tools/validate/edge-cases.ts';
import { fill, type Plan, stale } from '../../../tools/validate/matrix.ts';
import { scenarios } from '../../../tools/validate/scenarios.ts';
import { wrapped } from '../../../tools/validate/table.ts';
import { faultline, TARGET_NAMES } from '../cli.ts';

const POLICIES = [
  { policy: 'corrected', uaccess: 'corrected' },
  { policy: 'corrected', uaccess: 'axptr' },
  { policy: 'veridian', uaccess: 'corrected' },
  { policy: 'veridian', uaccess: 'axptr' },
] as const;

const plan = (part: string, changed: Partial<Plan> = {}): Plan => ({
  targets: TARGETS,
  policies: POLICIES,
  scenarios: scenarios().filter(({ name }) => name === part),
  differences: DIFFERENCES,
  strictTlb: false,
  ...changed,
});

/** Runs a plan in this process; its exit status and what it tells. */
async function told(of: Plan, telling: Partial<Telling> = {}): Promise<{ status: number; text: string }> {
  let text = '';
  const print = (more: string) => {
    text += more;
  };
  const status = await runPlan(of, { json: false, whole: false, width: 120, paint: PLAIN, print, ...telling });
  return { status, text };
}

describe('faultline validate, whole', () => {
  const { status, out, err } = faultline(['validate', '--json']);
  const value = JSON.parse(out);

  it('has nothing unexplained, nothing against the specification and no reason without use', () => {
    const failures = value.scenarios.flatMap(({ name, runs }: { name: string; runs: { failures: string[] }[] }) =>
      runs.flatMap(({ failures }) => failures.map((failure) => `${name}: ${failure}`)),
    );
    expect(failures).toEqual([]);
    expect(value.stale).toEqual([]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(value.summary).toMatchObject({ failed: 0, stale: 0, asExpected: value.summary.expected });
  });

  it('names its format, targets and policies', () => {
    expect(value).toMatchObject({
      format: 'faultline-validate',
      version: 1,
      targets: TARGET_NAMES,
      policies: POLICIES,
    });
  });

  it('runs every scenario on each target that has its guest, under each pair of policies', () => {
    const guests = builtIns().filter(({ name }) => !name.startsWith('bench-'));
    for (const guest of guests) {
      const own = value.scenarios.filter(({ name }: { name: string }) => name.split(' ')[0] === guest.name);
      expect(own.length, guest.name).toBeGreaterThan(0);
      const targets = TARGET_NAMES.filter((target) => hasTarget(guest, target));
      for (const { runs } of own) expect(runs).toHaveLength(targets.length * (guest.kind === 'bare' ? 1 : 4));
    }
    expect(EDGE_CASES.flatMap(({ rows }) => rows)).toHaveLength(35);
  });

  it('explains each other outcome by a reason and its clause', () => {
    const other = value.scenarios
      .flatMap(({ runs }: { runs: unknown[] }) => runs)
      .flatMap((run: { fromCorrected?: object; fromFirstTarget?: object }) => [run.fromCorrected, run.fromFirstTarget])
      .filter((comparison: { outcome: boolean } | undefined) => comparison?.outcome);
    expect(other.length).toBeGreaterThan(40);
    for (const { reasons } of other) expect(reasons.length).toBeGreaterThan(0);
    for (const { reason, clause } of value.reasons) {
      expect(reason).toMatch(/^\S.{20,}\S$/);
      expect(clause).toMatch(/^\S.{5,}\S$/);
    }
  });
});

describe('an unexplained difference', () => {
  it.each(['demand', 'user-access wraps', 'user-access zero-length', 'null-read'])(
    '%s: status 1 and one line a difference',
    async (name) => {
      const { status, text } = await told(plan(name, { targets: TARGETS.slice(0, 1), differences: [] }));
      expect(status).toBe(1);
      expect(text).toContain('\nNot as it should be\n\n');
      expect(text).toMatch(new RegExp(`^ {2}${name} {2}riscv64/\\w+/\\w+: from the corrected policies: `, 'm'));
      expect(text).toMatch(/ not as it should be\n$/);
    },
  );

  it('between targets alone', async () => {
    const policiesOnly = DIFFERENCES.filter(({ between }) => between === 'policies');
    const { status, text } = await told(plan('illegal atomic', { differences: policiesOnly }));
    expect(status).toBe(1);
    expect(text).toContain('aarch64/corrected/corrected: from the first target: ');
    expect(text).not.toContain('riscv64/corrected/corrected: ');
    expect((await told(plan('illegal atomic'))).status).toBe(0);
  });

  it('is in the JSON under its run', async () => {
    const { status, text } = await told(plan('demand', { differences: [] }), { json: true });
    expect(status).toBe(1);
    const { scenarios: rows, summary } = JSON.parse(text);
    expect(summary.failed).toBeGreaterThan(0);
    const veridian = rows[0].runs.find((run: { policy: string }) => run.policy === 'veridian');
    expect(veridian.fromCorrected.unexplained[0]).toBe('ends with SIGSEGV SEGV_ACCERR, not exit 0');
  });
});

describe('what is specified', () => {
  it('a row of the table that comes out otherwise is a failure, even where its difference has a reason', async () => {
    const guest = builtIns().find(({ name }) => name === 'user-access')!;
    // The guest runs another row than the one that is expected: what comes out is right for neither.
    const [scenario] = scenarios().filter(({ name }) => name === 'user-access zero-length');
    const wrong = { ...scenario, guest: { ...guest, options: { ...guest.options, testHooks: false } } };
    const cow = { ...wrong, name: 'user-access unmapped-after-get', args: ['unmapped-after-get'] };
    const row = fill(plan('', { targets: TARGETS.slice(0, 1) }), cow);
    expect(row.cells[0].failures).toContain('should be EFAULT, is ENOSYS');
  });

  it('a guest that ends with another status is one', () => {
    const [scenario] = scenarios().filter(({ name }) => name === 'hello');
    const row = fill(plan('', { targets: TARGETS.slice(0, 1) }), { ...scenario, status: 3 });
    expect(row.cells[0].failures).toEqual(['should be exit 3, is exit 0']);
  });
});

describe('a reason that explains nothing', () => {
  const idle = {
    between: 'policies',
    policy: 'axptr',
    outcome: /^exit 99$/,
    reason: 'an idle reason',
    clause: 'none',
  } as const;

  it('is told in a whole run, with status 1', async () => {
    const of = plan('hello', {
      differences: [...DIFFERENCES.filter(({ lines }) => lines?.test(' from file [')), idle],
    });
    const { status, text } = await told(of, { whole: true });
    expect(status).toBe(1);
    expect(text).toContain('  explains nothing: axptr: an idle reason (none)\n');
    expect((await told(of)).status, 'a part says nothing of the others').toBe(0);
  });

  it('unless it is of a target that is not there', () => {
    const elsewhere = { ...idle, target: 'vax' };
    expect(stale(plan('hello', { differences: [idle, elsewhere] }), [])).toEqual([idle]);
  });
});

describe('--strict-tlb', () => {
  it.each(['fork-cow', 'two-harts', 'prot-none', 'mmap'])(
    '%s: the kernel leaves no stale translation',
    async (name) => {
      const { status, text } = await told(plan(name, { strictTlb: true, policies: POLICIES.slice(0, 1) }));
      expect(text).not.toContain('stale translation');
      expect(status).toBe(0);
    },
  );
});

describe('the tables', () => {
  it.each([80, 100, 120, 140])('fit %i columns', async (width) => {
    const { text } = await told(plan('user-access cow-target'), { width });
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(text).toContain('\nwrite to a copy-on-write page\n  cow-target ');
    for (const target of TARGET_NAMES) expect(text).toContain(target);
  });

  it('put targets side by side where there is room', async () => {
    const both = new RegExp(` {2,}${TARGET_NAMES.join(' +')}`);
    expect((await told(plan('demand'), { width: 220 })).text).toMatch(both);
    expect((await told(plan('demand'), { width: 70 })).text).not.toMatch(both);
  });

  it('break reasons at words', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('longer-than-that x', 7)).toEqual(['longer-than-that', 'x']);
  });

  it('of one target, with nothing of the others', () => {
    const { status, out } = faultline(['validate', '--target', 'x86-64', '--policy', 'corrected', 'cow']);
    expect(status).toBe(0);
    expect(out).toMatch(/\n +x86-64\n +corrected\n +corrected {2}axptr\n/);
    expect(out).not.toMatch(/^ .*(riscv64|aarch64)/m);
    expect(out).toMatch(/ · nothing unexplained\n$/);
  });

  it('are what is chosen', () => {
    const { status, out } = faultline(['validate', '--target', 'riscv64', '--policy', 'corrected', 'stack-write']);
    expect(status).toBe(0);
    expect(out).toMatch(/\n {15}riscv64\n {15}corrected\n {15}corrected {2}axptr\nstack-write {4}exit 0 {5}exit 1 a\n/);
    expect(out).toMatch(
      /\n1 scenario, 1 target, 2 pairs of policies: 2 runs\n1 of 1 outcomes as specified · .* · nothing unexplained\n$/,
    );
  });
});
