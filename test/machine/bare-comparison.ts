import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadBare } from '../../machine/image/bare.ts';
import { parseElf } from '../../machine/image/elf.ts';
import type { Isa } from '../../machine/isa.ts';
import { Machine } from '../../machine/machine.ts';
import { describeWith } from '../toolchain.ts';

/** One case: assembly that runs in an image of its target's and reports results as 64-bit words. */
export interface BareCase {
  readonly name: string;
  readonly code: string;
  /** Where QEMU 7.2 does otherwise, what the manual says that allows or orders ours. */
  readonly differs?: string;
}

/** How a target's cases become an image, and who runs it. */
export interface BareTarget {
  readonly isa: Isa;
  /** The compiler's command and flags, and QEMU's command and options, image apart. */
  readonly compiler: readonly [string, ...string[]];
  readonly qemu: readonly [string, ...string[]];
  /** One case's code, after a report of `mark`. */
  wrap(code: string, mark: bigint, i: number): string;
  /** The source of the image with those cases; it prints the results as lines of hex. */
  image(cases: string): string;
}

/** Marks the beginning of a case among the results. */
const MARK = 0xca5e_0000_0000_0000n;

/** The image of the cases, whose file `use` is given. */
function withImage(target: BareTarget, cases: readonly BareCase[], use: (elf: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'faultline-bare-'));
  try {
    const source = join(directory, 'image.S');
    const elf = join(directory, 'image.elf');
    writeFileSync(source, target.image(cases.map(({ code }, i) => target.wrap(code, MARK + BigInt(i), i)).join('')));
    const [compiler, ...flags] = target.compiler;
    execFileSync(compiler, [...flags, '-o', elf, source], { timeout: 60_000, killSignal: 'SIGKILL' });
    use(elf);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runHere(isa: Isa, elf: string, limit: number): string {
  let text = '';
  const output = (byte: number) => {
    text += String.fromCharCode(byte);
  };
  const console = { output, input: () => -1 };
  const machine = new Machine({ isa, memory: 16 << 20, harts: 1, hardwareAd: false, console });
  loadBare(machine, parseElf(readFileSync(elf), 1));
  const exit = machine.run(limit);
  if (exit.kind !== 'finished' || exit.finish.kind !== 'pass') {
    throw new Error(`${JSON.stringify(exit.kind)} at ${machine.harts[0].pc.toString(16)}\n${text}`);
  }
  return text;
}

function runThere([qemu, ...options]: BareTarget['qemu'], elf: string, cpu: string): string {
  const all = [...options, '-cpu', cpu, '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-kernel', elf];
  return execFileSync(qemu, all, { encoding: 'latin1', timeout: 30_000, killSignal: 'SIGKILL' });
}

/** Whether this is the QEMU whose exceptions are listed; where a later one does otherwise, the list says nothing. */
function isListedQemu(qemu: string): boolean {
  return /version 7\.2\./.test(execFileSync(qemu, ['--version'], { encoding: 'latin1' }));
}

/** Results by case. */
function split(text: string): string[][] {
  const results: string[][] = [];
  for (const line of text.trim().split(/\r?\n/)) {
    if (BigInt(`0x${line}`) >> 48n === MARK >> 48n) results[Number(BigInt(`0x${line}`) & 0xffffn)] = [];
    else results.at(-1)!.push(line.replace(/^0+(?=.)/, ''));
  }
  return results;
}

/** Runs the cases in one image here, for so many instructions, and under QEMU, and compares what each reports. */
export function compareBare(
  target: BareTarget,
  name: string,
  cases: readonly BareCase[],
  cpu: string,
  limit: number,
): void {
  const { isa, compiler, qemu } = target;
  describeWith([compiler[0], qemu[0]], name, () => {
    let ours: string[][] = [];
    let theirs: string[][] = [];
    let listed = false;
    beforeAll(() => {
      listed = isListedQemu(qemu[0]);
      withImage(target, cases, (elf) => {
        ours = split(runHere(isa, elf, limit));
        theirs = split(runThere(qemu, elf, cpu));
      });
      expect(ours.length).toBe(cases.length);
    });
    for (const [i, { name, differs }] of cases.entries()) {
      it(differs ? `${name} (differs: ${differs})` : name, () => {
        expect(ours[i].length).toBeGreaterThan(0);
        if (!differs) expect(ours[i]).toEqual(theirs[i]);
        else if (listed) expect(ours[i]).not.toEqual(theirs[i]);
      });
    }
  });
}
