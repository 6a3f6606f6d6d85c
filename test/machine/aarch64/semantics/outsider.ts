import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BREAKPOINT, CODE, CODE_END, INPUT, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

export const TOOLS = ['aarch64-linux-gnu-gcc', 'qemu-aarch64'];
/** A processor with LSE and RCpc, and without SVE, whose records would replace those of V registers, or PAuth. */
const PROCESSOR = 'neoverse-n1';

/** The program that runs cases under qemu-aarch64, built once. */
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
    execFileSync('aarch64-linux-gnu-gcc', [
      ...['-nostdlib', '-static', '-O1', '-ffreestanding', '-fno-stack-protector', '-mgeneral-regs-only'],
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
    const options = { input, maxBuffer: 1 << 30, timeout: 100_000, killSignal: 'SIGKILL' } as const;
    const output = execFileSync('qemu-aarch64', ['-cpu', PROCESSOR, this.program], options);
    if (output.length !== cases * OUTPUT.words * 8)
      throw new Error(`${cases} cases, ${output.length} bytes of answers`);
    return new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
