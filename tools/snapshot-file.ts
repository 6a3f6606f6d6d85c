import { writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Saved } from '../machine/index.ts';
import { UserError } from './errors.ts';
import { fileWords, readUserFile } from './host.ts';
import type { GuestOptions } from './run-options.ts';

const VERSION = 1;

/** A snapshot as it lies in a file: gzipped JSON, bigints as `{"$n": hex}` and bytes as `{"$b": base64}`. */
export interface Snapshot {
  readonly kind: 'kernel' | 'bare';
  readonly target: string;
  readonly options: GuestOptions;
  readonly state: Saved;
}

export function saveSnapshot(path: string, snapshot: Snapshot): void {
  const json = JSON.stringify({ format: 'faultline-snapshot', version: VERSION, ...snapshot }, (_, value: unknown) => {
    if (typeof value === 'bigint') return { $n: value.toString(16) };
    if (value instanceof Uint8Array) return { $b: Buffer.from(value).toString('base64') };
    return value;
  });
  try {
    writeFileSync(path, gzipSync(json, { level: 1 }));
  } catch (error) {
    throw new UserError(`${path}: ${fileWords(error)}`);
  }
}

export function loadSnapshot(path: string): Snapshot {
  const bytes = readUserFile(path);
  let content: { readonly format?: unknown; readonly version?: unknown } & Snapshot;
  try {
    content = JSON.parse(gunzipSync(bytes).toString(), revive);
  } catch {
    throw new UserError(`${path}: not a snapshot`);
  }
  if (content?.format !== 'faultline-snapshot') throw new UserError(`${path}: not a snapshot`);
  if (content.version !== VERSION) {
    throw new UserError(`${path}: snapshot of version ${content.version}; this program reads version ${VERSION}`);
  }
  return content;
}

function revive(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$n' in value) return BigInt(`0x${value.$n}`);
  if ('$b' in value) return new Uint8Array(Buffer.from(String(value.$b), 'base64'));
  return value;
}
