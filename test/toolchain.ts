import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';

/** Whether `tool` can be found on PATH. */
export function hasTool(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * A test group that wants outside tools. Where one is missing the group is reported as skipped, naming the tool; under
 * CI (`CI=true`) a missing tool is a failure.
 */
export function describeWith(tools: readonly string[], name: string, body: () => void): void {
  const missing = tools.filter((tool) => !hasTool(tool));
  if (missing.length === 0) return void describe(name, body);
  const reason = `${name} (needs ${missing.join(', ')})`;
  if (process.env.CI) {
    it(reason, () => {
      throw new Error(`CI lacks ${missing.join(', ')}`);
    });
    return;
  }
  // The runner's own report names the file, but neither the group nor what it lacks.
  process.stderr.write(`skipped: ${reason}\n`);
  describe.skipIf(true)(reason, body);
}
