import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { describeWith } from '../../toolchain.ts';
import { toolName } from '../programs.ts';

/** The system-call numbers of a target as its C library's headers have them, by name. */
function numbersOf(target: string): Map<string, number> {
  const defined = execFileSync(`${target}-linux-gnu-gcc`, ['-E', '-dM', '-'], {
    input: '#include <asm/unistd.h>\n',
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const text = new Map(
    [...defined.matchAll(/^#define (__NR\w*) (.+)$/gm)].map(([, name, value]) => [name, value.replace(/[()]/g, '')]),
  );
  const value = (name: string): number => {
    const given = text.get(name) ?? name;
    return given.split('+').reduce((sum, part) => sum + (text.has(part.trim()) ? value(part.trim()) : Number(part)), 0);
  };
  return new Map(
    [...text.keys()].flatMap((name) => {
      const call = /^__NR_(?!3264)([a-z]\w*)$/.exec(name)?.[1];
      return call && call !== 'syscalls' && call !== 'arch_specific_syscall' ? [[call, value(name)]] : [];
    }),
  );
}

for (const { isa, callNames } of ARCHES) {
  const tools = toolName(isa.name);
  describeWith([`${tools}-linux-gnu-gcc`], `system-call numbers of ${isa.name}`, () => {
    it('are those of the target’s own headers', () => {
      const expected = numbersOf(tools);
      const ours = new Map([...callNames].map(([number, name]) => [name, number]));
      expect(expected.size).toBeGreaterThan(250);
      // Our list may be older or newer than the headers: what both know, both number alike.
      const different = [...ours].filter(([name, number]) => (expected.get(name) ?? number) !== number);
      expect(different).toEqual([]);
      // What the headers number up to the last of ours, ours has.
      const last = Math.max(...callNames.keys());
      expect([...expected].filter(([, number]) => number <= last && !callNames.has(number))).toEqual([]);
    });
  });
}
