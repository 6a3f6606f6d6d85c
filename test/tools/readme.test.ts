import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RUN_OPTIONS } from '../../tools/run-options.ts';
import { ROOT } from './cli.ts';

const text = readFileSync(`${ROOT}/README.md`, 'utf8');

/** Each ```console block: a command, and everything that it prints on either stream. */
const BLOCKS = [...text.matchAll(/^```console\n\$ (.*)\n([\s\S]*?)^```$/gm)].map(
  ([, command, output]) => [command, output] as const,
);

describe('README.md', () => {
  it('has commands with their output', () => {
    expect(BLOCKS.length).toBeGreaterThanOrEqual(3);
  });

  it.each(BLOCKS)('%s prints what it says', (command, output) => {
    const { stdout } = spawnSync('sh', ['-c', `exec 2>&1; ${command}`], {
      cwd: ROOT,
      timeout: 300_000,
      killSignal: 'SIGKILL',
    });
    expect(stdout.toString()).toBe(output);
  });

  it.each(Object.keys(RUN_OPTIONS))('names --%s', (option) => {
    expect(text).toMatch(new RegExp(`[\`\\s]--${option}[\`\\s,]`));
  });
});
