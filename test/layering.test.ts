import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAYERS } from './layers.ts';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g;

const files = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'));

/** What a file imports: a project path, or a package's name. */
function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, a, b]) => {
    const target = a ?? b;
    return target.startsWith('.') ? normalize(join(dirname(file), target)).replaceAll('\\', '/') : target;
  });
}

function violations(file: string, text: string): string[] {
  const layer = LAYERS.find(({ of }) => of.test(file));
  if (!layer) return [`${file}: no layer`];
  return importsOf(file, text)
    .filter((target) => {
      const isProject = /^(machine|kernel|guest|tools|test)\//.test(target) || target === 'package.json';
      if (isProject) return !layer.may.some((allowed) => allowed.test(target));
      return !(layer.packages ?? []).some((name) => (typeof name === 'string' ? name === target : name.test(target)));
    })
    .map((target) => `${file} imports ${target}`);
}

describe('layers', () => {
  it('every import keeps to the table', () => {
    const all = ['machine', 'kernel', 'tools'].flatMap(files);
    expect(all.length).toBeGreaterThan(40);
    expect(all.flatMap((file) => violations(file, readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
  });

  it.each([
    ['machine/riscv/mmu.ts', "import { a } from '../engine/reference.ts';"],
    ['machine/engine/reference.ts', "import { a } from '../riscv/mmu.ts';"],
    ['machine/memory/ram.ts', "import type { a } from '../hart.ts';"],
    ['machine/riscv/csr.ts', "import {\n  a,\n} from '../aarch64/csr.ts';"],
    ['machine/hart.ts', "import { readFileSync } from 'node:fs';"],
    ['kernel/mm/area.ts', "export { a } from '../task/process.ts';"],
    ['kernel/arch/riscv/page-table.ts', "import { a } from '../../../machine/riscv/mmu.ts';"],
    ['kernel/kernel.ts', "import { a } from '../machine/machine.ts';"],
    ['tools/cli.ts', "import { a } from '../kernel/mm/area.ts';"],
  ])('%s: refuses %s', (file, text) => {
    expect(violations(file, text)).toHaveLength(1);
  });

  it('only targets name targets', () => {
    const names = /riscv|rv64|sv39|aarch64|armv8|x86/i;
    const neutral = ['machine', 'kernel']
      .flatMap(files)
      .filter((file) => !/^(machine|kernel\/arch)\/(riscv|aarch64|x86)\//.test(file) && !/\/targets\.ts$/.test(file));
    const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
    const naming = neutral.filter((file) => names.test(code(readFileSync(join(ROOT, file), 'utf8'))));
    expect(naming).toEqual([]);
  });

  it('no clock, random source, environment or Node in machine/ and kernel/', () => {
    const host =
      /\bDate\b|Math\.random|\bprocess\.|performance\.|\bconsole\.|\bsetTimeout|\bBuffer\b|TextDecoder|TextEncoder/;
    const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
    const naughty = ['machine', 'kernel']
      .flatMap(files)
      .filter((file) => host.test(code(readFileSync(join(ROOT, file), 'utf8')).replaceAll('options.console.', '')));
    expect(naughty).toEqual([]);
  });
});
