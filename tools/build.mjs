// Bundles the command line and the benchmarks, each into one file that Node runs without the sources' folder structure.
import { build } from 'esbuild';

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: ['tools/cli.ts'],
  outfile: 'dist/faultline.js',
  banner: { js: '#!/usr/bin/env node' },
});
await build({ ...common, entryPoints: ['tools/bench.ts'], outfile: 'dist/faultline-bench.js' });
