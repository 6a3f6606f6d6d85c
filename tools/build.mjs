// Bundles the command line into one file that Node runs without the sources' folder structure.
import { build } from 'esbuild';

await build({
  entryPoints: ['tools/cli.ts'],
  outfile: 'dist/faultline.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
