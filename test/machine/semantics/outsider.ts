import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a target's outsider is made and run. */
export interface OutsiderOptions {
  /** The C compiler's command and flags, and what the program is told of the layout. */
  readonly compiler: readonly [string, ...string[]];
  readonly source: string;
  readonly places: Readonly<Record<string, bigint | number>>;
  /** The user-mode emulator's command and options. */
  readonly emulator: readonly [string, ...string[]];
  /** Words of a case, and of a result. */
  readonly inputWords: number;
  readonly outputWords: number;
}

/** The program that runs cases under an emulator, built once. */
export class Outsider {
  private readonly options: OutsiderOptions;
  private readonly folder = mkdtempSync(join(tmpdir(), 'semantics-'));
  private readonly program = join(this.folder, 'outsider');

  constructor(options: OutsiderOptions) {
    this.options = options;
    const [compiler, ...flags] = options.compiler;
    const places = Object.entries(options.places).map(([name, value]) => `-D${name}=${value}UL`);
    execFileSync(compiler, [...flags, ...places, '-o', this.program, options.source], {
      timeout: 100_000,
      killSignal: 'SIGKILL',
    });
  }

  /** Runs cases, one behind the other; returns their results likewise. */
  run(inputs: BigUint64Array): BigUint64Array {
    const { inputWords, outputWords } = this.options;
    const [emulator, ...flags] = this.options.emulator;
    const cases = inputs.length / inputWords;
    const input = Buffer.concat([
      Buffer.from(new BigUint64Array([BigInt(cases)]).buffer),
      Buffer.from(inputs.buffer, inputs.byteOffset, inputs.byteLength),
    ]);
    const limits = { maxBuffer: 1 << 30, timeout: 100_000, killSignal: 'SIGKILL' } as const;
    const output = execFileSync(emulator, [...flags, this.program], { input, ...limits });
    if (output.length !== cases * outputWords * 8) throw new Error(`${cases} cases, ${output.length} bytes of answers`);
    return new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
