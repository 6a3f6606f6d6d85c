import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { C, FPCR, FPSR, N, OVERFLOW, V, X, Z } from '../../../machine/aarch64/registers.ts';
import { Machine } from '../../../machine/index.ts';

export const TOOLS = ['aarch64-linux-gnu-gcc', 'qemu-aarch64'];

/** One instruction and what it is to compute: FPCR, then the operands of V1 and X1, V2, V3 and V0, four words a case. */
export interface Batch {
  readonly word: number;
  readonly cases: BigUint64Array;
}
export const CASE = 4;
/** What comes back: V0, X0, and NZCV with FPSR below it. */
export const ANSWER = 3;
/** Cases that the program takes at once. */
export const MOST = 65536;

const LIMITS = { timeout: 100_000, killSignal: 'SIGKILL' } as const;

/** The program that executes instructions under qemu-aarch64, built once. */
export class There {
  private readonly folder = mkdtempSync(join(tmpdir(), 'float-'));
  private readonly program = join(this.folder, 'program');

  constructor() {
    const source = fileURLToPath(new URL('float-outsider.c', import.meta.url));
    execFileSync('aarch64-linux-gnu-gcc', ['-O1', '-static', '-o', this.program, source], LIMITS);
  }

  /** The answers, one array a batch. */
  run(batches: readonly Batch[]): BigUint64Array[] {
    const input = Buffer.concat(
      batches.flatMap(({ word, cases }) => [
        Buffer.from(new BigUint64Array([BigInt(word), BigInt(cases.length / CASE)]).buffer),
        Buffer.from(cases.buffer, cases.byteOffset, cases.byteLength),
      ]),
    );
    const output = execFileSync('qemu-aarch64', [this.program], { input, maxBuffer: 1 << 30, ...LIMITS });
    const all = new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
    let at = 0;
    return batches.map(({ cases }) => {
      const length = (cases.length / CASE) * ANSWER;
      at += length;
      if (at > all.length) throw new Error(`${all.length} words of answers are too few`);
      return all.subarray(at - length, at);
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs instructions on a machine of ours, at EL1 without translation. */
export class Here {
  private readonly machine = new Machine({
    isa: AARCH64,
    memory: 0x4000,
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  readonly hart = this.machine.harts[0];

  constructor() {
    // CPACR_EL1.FPEN: nothing traps.
    AARCH64.writeSystem(this.hart, 'cpacr_el1', 3n << 20n);
  }

  /** One instruction, from the state that the hart is in. */
  step(): void {
    this.machine.run(1);
  }

  run({ word, cases }: Batch): BigUint64Array {
    const { hart, machine } = this;
    const count = cases.length / CASE;
    const answers = new BigUint64Array(count * ANSWER);
    machine.bus.write(AARCH64.ramBase, 4, BigInt(word));
    hart.set(X[0], 0n);
    for (let i = 0; i < count; i++) {
      const [fpcr, a, b, c] = cases.subarray(i * CASE, i * CASE + CASE);
      hart.set32(FPCR, Number(fpcr));
      hart.set32(FPSR, 0);
      for (const flag of [N, Z, C, OVERFLOW]) hart.set32(flag, 0);
      hart.set(X[0], 0n);
      hart.set(X[1], a);
      [c, a, b, c].forEach((value, v) => {
        hart.u64[V[v].offset >> 3] = value;
        hart.u64[(V[v].offset >> 3) + 1] = 0n;
      });
      hart.pc = AARCH64.ramBase;
      machine.run(1);
      if (hart.pc !== AARCH64.ramBase + 4n) throw new Error(`${word.toString(16)} trapped`);
      const nzcv = [N, Z, C, OVERFLOW].reduce((flags, flag) => flags * 2 + hart.get32(flag), 0);
      answers[i * ANSWER] = hart.get(V[0]);
      answers[i * ANSWER + 1] = hart.get(X[0]);
      answers[i * ANSWER + 2] = BigInt(nzcv * 2 ** 28 + hart.get32(FPSR));
    }
    return answers;
  }
}
