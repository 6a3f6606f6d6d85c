import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BREAKPOINT, CODE, CODE_END, INPUT, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

export const TOOLS = ['riscv64-linux-gnu-gcc', 'qemu-riscv64'];

/** The program that runs cases under qemu-riscv64, built once. */
export class Outsider {
  private readonly folder = mkdtempSync(join(tmpdir(), 'semantics-'));
  private readonly program = join(this.folder, 'outsider');

  constructor() {
    const places = {
      CODE,
      CODE_END,
      RAM_BASE,
      RAM_END,
      BREAKPOINT,
      WINDOW_0: WINDOWS[0].base,
      WINDOW_1: WINDOWS[1].base,
    };
    execFileSync('riscv64-linux-gnu-gcc', [
      ...['-nostdlib', '-static', '-O1', '-march=rv64gc', '-mno-relax', '-msmall-data-limit=0', '-ffreestanding'],
      ...Object.entries(places).map(([name, value]) => `-D${name}=${value}UL`),
      ...['-o', this.program, fileURLToPath(new URL('outsider.c', import.meta.url))],
    ]);
  }

  /** Runs cases, {@link INPUT} words each; returns {@link OUTPUT} words each. */
  run(inputs: BigUint64Array): BigUint64Array {
    const cases = inputs.length / INPUT.words;
    const input = Buffer.concat([
      Buffer.from(new BigUint64Array([BigInt(cases)]).buffer),
      Buffer.from(inputs.buffer, inputs.byteOffset, inputs.byteLength),
    ]);
    const output = execFileSync('qemu-riscv64', [this.program], {
      input,
      maxBuffer: 1 << 30,
      timeout: 100_000,
      killSignal: 'SIGKILL',
    });
    if (output.length !== cases * OUTPUT.words * 8)
      throw new Error(`${cases} cases, ${output.length} bytes of answers`);
    return new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
