import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds the command before the tests that run it, so that they never judge an old one. */
export default function build(): void {
  execFileSync('node', ['tools/build.mjs'], { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' });
}
