// Bundles the command line and the benchmarks, each into one file that Node runs without the sources' folder structure.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';

const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

mkdirSync('dist', { recursive: true });

// The command is a function's body, so that compiling it can be spared by V8's code cache: half of a short run.
const { outputFiles } = await build({
  ...common,
  format: 'cjs',
  entryPoints: ['tools/cli.ts'],
  define: { 'import.meta.url': 'bundleUrl' },
  write: false,
});
const source = `(function (require, bundleUrl) { const module = { exports: {} }, exports = module.exports;
${outputFiles[0].text}
return module.exports; })`;
writeFileSync('dist/faultline.cjs', source);
const script = new Script(source, { filename: 'faultline.cjs' });
// What has run by now is in the cache, so the modules are loaded, and nothing is done with them.
script.runInThisContext()(createRequire(import.meta.url), pathToFileURL('dist/faultline.cjs').href);
writeFileSync('dist/faultline.cache', script.createCachedData());
copyFileSync('tools/launch.mjs', 'dist/faultline.js');
chmodSync('dist/faultline.js', 0o755);

await build({
  ...common,
  format: 'esm',
  packages: 'external',
  entryPoints: ['tools/bench.ts'],
  outfile: 'dist/faultline-bench.js',
});
