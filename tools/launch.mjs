#!/usr/bin/env node
// Runs the bundled command with the code cache that the build made. A cache of another version of Node is refused by V8,
// and the command is then compiled as usual.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const bundle = new URL('faultline.cjs', import.meta.url);
const script = new Script(readFileSync(bundle, 'utf8'), {
  filename: fileURLToPath(bundle),
  cachedData: readFileSync(new URL('faultline.cache', import.meta.url)),
});
const { start } = script.runInThisContext()(createRequire(import.meta.url), bundle.href);
start(process.argv.slice(2));
