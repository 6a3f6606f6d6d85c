import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.ts';
import { ROOT } from './host.ts';

/** A guest that comes with the project: an entry of guest/guests.json. */
export interface BuiltIn {
  readonly name: string;
  readonly kind: 'user' | 'bare';
  readonly description: string;
  readonly options: { readonly harts?: number; readonly testHooks?: boolean; readonly stdin?: string };
  /** The exit status it ends with under the default policies. */
  readonly status: number;
}

/** Every guest that comes with the project. */
export function builtIns(): readonly BuiltIn[] {
  return JSON.parse(readFileSync(new URL('guest/guests.json', ROOT), 'utf8'));
}

export function builtIn(name: string): BuiltIn {
  const found = builtIns().find((guest) => guest.name === name);
  if (!found) throw new UserError(`no built-in guest '${name}'; faultline guests lists them`);
  return found;
}

/** The path of its ELF file for a target. */
export const builtInPath = ({ name }: BuiltIn, target: string): string =>
  fileURLToPath(new URL(`guest/bin/${target}/${name}`, ROOT));

/** Whether the guest was built for a target: some are one target's own. */
export const hasTarget = (guest: BuiltIn, target: string): boolean => existsSync(builtInPath(guest, target));
