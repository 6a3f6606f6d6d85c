import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { guest, ROOT } from './cli.ts';

const PROGRAM = `
  import { Kernel } from './kernel/index.ts';
  import { parseElf, targetNamed } from './machine/index.ts';
  import { lineView } from './tools/trace/line.ts';
  export function run(file) {
    const printed = [], trace = [];
    const kernel = new Kernel({
      isa: targetNamed('riscv64'), memory: 1 << 20, harts: 1, ad: 'hardware', policy: 'corrected', uaccess: 'corrected',
      seed: 0n, testHooks: false, recorder: (flow) => trace.push(...lineView(flow)),
      ports: { output: (_, bytes) => printed.push(...bytes), input: () => 'end' },
    });
    kernel.spawn(parseElf(file), ['hello'], []);
    const result = kernel.run(1e6);
    return JSON.stringify([String.fromCharCode(...printed), result.kind, result.status, trace.length]);
  }`;

it('machine, kernel and views run hello where Node has put no globals', async () => {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'bundle',
    target: 'es2022',
  });
  const context = vm.createContext({ file: new Uint8Array(readFileSync(guest('hello'))) });
  vm.runInContext(outputFiles[0].text, context);
  const absent = '[typeof Buffer, typeof TextDecoder, typeof process, typeof setTimeout].join()';
  expect(vm.runInContext(absent, context)).toBe('undefined,undefined,undefined,undefined');
  expect(JSON.parse(vm.runInContext('bundle.run(file)', context))).toEqual(['hello from user mode\n', 'exited', 0, 3]);
});
