import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../toolchain.ts';

describeWith(['make', 'clang-14', 'ld.lld-14'], 'prebuilt guests', () => {
  it('are what their sources and guest/TOOLCHAIN give, to the byte', () => {
    const guest = join(import.meta.dirname, '../../guest');
    expect(execFileSync('make', ['-s', '-C', guest, 'check'], { encoding: 'utf8' })).toContain('every file');
  });
});
