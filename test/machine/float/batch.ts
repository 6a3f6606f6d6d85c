import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultNanPolicy, floatEnv, isNan, type RoundingMode } from '../../../machine/float/index.ts';
import { randomBits, tuplesFor } from './operands.ts';
import { isFormat, type Operation, operations, showFlags } from './operations.ts';

/** RISC-V's order, which is also the C programs'. */
const roundings: readonly RoundingMode[] = ['rne', 'rtz', 'rdn', 'rup', 'rmm'];

interface Case {
  readonly operation: Operation;
  readonly rounding: RoundingMode;
  readonly operands: readonly bigint[];
}

/** How the results of a processor are to be read. */
export interface Reading {
  readonly roundings: readonly RoundingMode[];
  /** Cases where the processor has an answer of its own, by its manual. */
  readonly excluded: (operation: string, operands: readonly bigint[]) => boolean;
  /** Whether NaNs and integers that do not fit must agree to the bit, or only in kind and flags. */
  readonly defaults: 'same' | 'own';
}

/** Every operation named, in every rounding direction, on edge operands and `count` random ones. */
function casesOf(names: readonly string[], count: number, reading: Reading): Case[] {
  const random = randomBits(0x5eedn);
  return names.flatMap((name) => {
    const operation = operations.get(name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    const directions = operation.rounds ? reading.roundings : (['rne'] as const);
    return tuplesFor(operation, count, random)
      .filter((operands) => !reading.excluded(name, operands))
      .flatMap((operands) => directions.map((rounding) => ({ operation, rounding, operands })));
  });
}

/** Compiles a C program of this folder, which learns operation numbers as OP_name, and runs it on all the cases. */
function runProgram(
  compile: readonly string[],
  source: string,
  libraries: readonly string[],
  run: readonly string[],
  cases: readonly Case[],
) {
  const names = [...operations.keys()];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const input = new BigUint64Array(cases.length * 5);
  cases.forEach(({ operation, rounding, operands: [a = 0n, b = 0n, c = 0n] }, i) => {
    input.set([BigInt(numbers.get(operation.name)!), BigInt(roundings.indexOf(rounding)), a, b, c], i * 5);
  });
  const folder = mkdtempSync(join(tmpdir(), 'float-'));
  try {
    const program = join(folder, 'program');
    const [compiler, ...options] = [...compile, ...names.map((name, number) => `-DOP_${name}=${number}`)];
    execFileSync(compiler!, [...options, '-o', program, fileURLToPath(new URL(source, import.meta.url)), ...libraries]);
    const [command, ...args] = [...run, program];
    const output = execFileSync(command!, args, {
      input: Buffer.from(input.buffer),
      maxBuffer: 1 << 28,
      timeout: 100_000,
      killSignal: 'SIGKILL',
    });
    if (output.length !== cases.length * 16)
      throw new Error(`${cases.length} cases, ${output.length} bytes of answers`);
    return new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the cases here and in the program, and lists the differences, one line each. */
export function differences(
  program: { compile: readonly string[]; source: string; libraries: readonly string[]; run: readonly string[] },
  names: readonly string[],
  count: number,
  reading: Reading,
): { compared: number; lines: string[] } {
  const cases = casesOf(names, count, reading);
  const answers = runProgram(program.compile, program.source, program.libraries, program.run, cases);
  const lines: string[] = [];
  cases.forEach(({ operation, rounding, operands }, i) => {
    const env = floatEnv(defaultNanPolicy, rounding);
    const ours = operation.run(operands, env);
    const theirs = masked(operation, answers[2 * i]!);
    const flags = Number(answers[2 * i + 1]!);
    if (
      flags === env.flags &&
      (ours === theirs || (reading.defaults === 'own' && isDefault(operation, ours, theirs, flags)))
    )
      return;
    const inputs = operands.map((x) => x.toString(16)).join(' ');
    const [here, there] = [
      [ours, env.flags],
      [theirs, flags],
    ].map(([value, raised]) => `${value!.toString(16)} ${showFlags(Number(raised))}`);
    lines.push(`${operation.name} ${rounding} ${inputs} = ${here}, theirs ${there}`);
  });
  return { compared: cases.length, lines };
}

function masked({ result }: Operation, answer: bigint): bigint {
  if (result === 'number') return answer;
  return BigInt.asUintN(isFormat(result) ? result.width : result.bits, answer);
}

function isDefault({ result }: Operation, ours: bigint, theirs: bigint, flags: number): boolean {
  if (isFormat(result)) return isNan(result, ours) && isNan(result, theirs);
  return result !== 'number' && (flags & 16) !== 0;
}
