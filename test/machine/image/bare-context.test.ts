import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('ELF files are read where Node has put no globals: no Buffer, TextDecoder, process', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { parseElf } from './machine/image/elf.ts';",
      resolveDir: new URL('../../..', import.meta.url).pathname,
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'bundle',
    target: 'es2022',
  });
  const file = new Uint8Array(readFileSync(new URL('../../../guest/bin/riscv64/hello', import.meta.url)));
  const context = vm.createContext({ file });
  const names = vm.runInContext(
    `${outputFiles[0].text}; [typeof Buffer, typeof TextDecoder, typeof process, bundle.parseElf(file).machine].join()`,
    context,
  );
  expect(names).toBe('undefined,undefined,undefined,243');
});
