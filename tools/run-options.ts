import type { Options } from 'yargs';
import {
  type FaultPolicy,
  leavesAccessedDirty,
  type MmuMode,
  mmuModes,
  type UserAccessPolicy,
} from '../kernel/index.ts';
import { type Isa, MAX_HARTS, MAX_RAM_BYTES, TARGETS } from '../machine/index.ts';
import { UserError } from './errors.ts';

/** What is shown of a run, and where. */
export interface TraceOptions {
  readonly view: 'line' | 'full' | undefined;
  readonly only: 'faults' | 'syscalls' | undefined;
  readonly file: string | undefined;
}

/** When to stop or save. Counts are instructions. */
export interface LimitOptions {
  readonly maxInstructions: number | undefined;
  readonly save: { readonly at: number; readonly file: string } | undefined;
}

/** What the machine and the kernel are made of. */
export interface GuestOptions {
  readonly harts: number;
  /** Bytes. */
  readonly memory: number;
  readonly environment: readonly string[];
  readonly seed: number;
  /** Absent: the target's default. */
  readonly mmu: MmuMode | undefined;
  readonly ad: 'hardware' | 'software';
  readonly policy: FaultPolicy;
  readonly uaccess: UserAccessPolicy;
  readonly bare: boolean;
  readonly testHooks: boolean;
  /** Absent in snapshots of before there was it. */
  readonly strictTlb?: boolean;
}

const MIB = 1024 * 1024;
const DEFAULT_MEMORY = 128 * MIB;

/** Every target's paging schemes, the default first. */
const MODES = TARGETS.map((isa) => `${mmuModes(isa).join(', ')} (${isa.name})`).join('; ');

/** The targets whose walker can leave accessed and dirty bits alone. */
const LEAVING = TARGETS.filter(leavesAccessedDirty)
  .map(({ name }) => name)
  .join(', ');

/** yargs gives every option as text (`string`), so that each is read in one place, here. */
export const TRACE_OPTIONS = {
  trace: {
    type: 'string',
    group: 'Trace:',
    describe: 'Print traps on stderr: line (default), full, faults or syscalls',
  },
  'trace-out': { type: 'string', requiresArg: true, group: 'Trace:', describe: 'Write traps to a file, as JSON lines' },
} as const satisfies Record<string, Options>;

export const LIMIT_OPTIONS = {
  'max-instructions': {
    type: 'string',
    requiresArg: true,
    group: 'Limits:',
    describe: 'Stop after that many instructions, with status 124',
  },
  'save-at': {
    type: 'string',
    requiresArg: true,
    group: 'Limits:',
    describe: 'Save a snapshot after exactly that many instructions',
  },
  save: { type: 'string', requiresArg: true, group: 'Limits:', describe: 'The file of that snapshot' },
} as const satisfies Record<string, Options>;

export const GUEST_OPTIONS = {
  harts: { type: 'string', requiresArg: true, group: 'Machine:', describe: `Harts, 1 to ${MAX_HARTS} (default 1)` },
  memory: { type: 'string', requiresArg: true, group: 'Machine:', describe: 'RAM: 64M, 1G, … (default 128M)' },
  mmu: { type: 'string', requiresArg: true, group: 'Machine:', describe: `Paging: ${MODES}` },
  ad: {
    type: 'string',
    requiresArg: true,
    group: 'Machine:',
    describe: `Who sets accessed and dirty bits: hardware (default) or software (${LEAVING})`,
  },
  'strict-tlb': {
    type: 'boolean',
    group: 'Machine:',
    describe: 'Tell of translations used that the tables hold no longer, or changed without break-before-make',
  },
  bare: { type: 'boolean', group: 'Machine:', describe: 'A bare-metal image: no kernel but its own' },
  env: { type: 'string', requiresArg: true, group: 'Kernel:', describe: 'NAME=VALUE for the guest (repeatable)' },
  seed: { type: 'string', requiresArg: true, group: 'Kernel:', describe: "Seed of the guest's randomness (default 0)" },
  policy: {
    type: 'string',
    requiresArg: true,
    group: 'Kernel:',
    describe: 'Page-fault handler: corrected (default) or veridian',
  },
  uaccess: {
    type: 'string',
    requiresArg: true,
    group: 'Kernel:',
    describe: 'User pointers: corrected (default) or axptr',
  },
  'test-hooks': { type: 'boolean', group: 'Kernel:', describe: 'Let the guest call the named test hooks' },
} as const satisfies Record<string, Options>;

/** Which target, where a command could take any. */
export const TARGET_OPTION = {
  type: 'string',
  requiresArg: true,
  describe: `The target: ${TARGETS.map(({ name }) => name).join(', ')}`,
} as const satisfies Options;

export const RUN_OPTIONS = { ...TRACE_OPTIONS, ...LIMIT_OPTIONS, ...GUEST_OPTIONS };

/** Options as yargs hands them over: text, flags, or a list where one was repeated. */
export type Given = Readonly<Record<string, unknown>>;

function texts(given: Given, name: string): readonly string[] {
  const value = given[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** The last of repeated ones counts. */
const text = (given: Given, name: string): string | undefined => texts(given, name).at(-1);

/** The value of an option that has to be one of these; the first where it was not given. */
export function choice<T extends string>(given: Given, name: string, choices: readonly T[]): T {
  const value = text(given, name);
  if (value === undefined) return choices[0];
  const found = choices.find((one) => one === value);
  if (found === undefined) throw new UserError(`--${name}: '${value}' is none of ${choices.join(', ')}`);
  return found;
}

function count(given: Given, name: string, lowest: number, highest: number): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= lowest && number <= highest)) {
    const range = highest === Number.MAX_SAFE_INTEGER ? `of at least ${lowest}` : `from ${lowest} to ${highest}`;
    throw new UserError(`--${name}: '${value}' is not a whole number ${range}`);
  }
  return number;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: MIB, G: 1024 * MIB };

/** Bytes of RAM: a whole number with K, M or G behind it. */
function memory(given: Given): number {
  const value = text(given, 'memory');
  if (value === undefined) return DEFAULT_MEMORY;
  const match = /^([0-9]+)([KMG]?)$/i.exec(value);
  if (!match) throw new UserError(`--memory: '${value}' is not a size such as 64M or 1G`);
  const bytes = Number(match[1]) * UNITS[match[2].toUpperCase()];
  if (bytes === 0 || bytes % 4096 !== 0) throw new UserError(`--memory: ${value} is not a multiple of 4096 bytes`);
  if (bytes > MAX_RAM_BYTES) throw new UserError(`--memory: ${value} is more than ${MAX_RAM_BYTES / MIB}M`);
  return bytes;
}

function environment(given: Given): readonly string[] {
  for (const entry of texts(given, 'env')) {
    if (!/^[^=]+=/.test(entry)) throw new UserError(`--env: '${entry}' is not NAME=VALUE`);
  }
  return texts(given, 'env');
}

export function readTraceOptions(given: Given): TraceOptions {
  const value = text(given, 'trace');
  const file = text(given, 'trace-out');
  if (file === '') throw new UserError('--trace-out: the name is empty');
  switch (value) {
    case undefined:
      return { view: undefined, only: undefined, file };
    case '':
    case 'line':
      return { view: 'line', only: undefined, file };
    case 'full':
      return { view: 'full', only: undefined, file };
    case 'faults':
    case 'syscalls':
      return { view: 'line', only: value, file };
    default:
      throw new UserError(`--trace: '${value}' is none of line, full, faults, syscalls`);
  }
}

export function readLimitOptions(given: Given): LimitOptions {
  const at = count(given, 'save-at', 0, Number.MAX_SAFE_INTEGER);
  const file = text(given, 'save');
  if ((at === undefined) !== (file === undefined)) throw new UserError('--save-at and --save go together');
  return {
    maxInstructions: count(given, 'max-instructions', 0, Number.MAX_SAFE_INTEGER),
    save: at === undefined || file === undefined ? undefined : { at, file },
  };
}

export function readGuestOptions(given: Given): GuestOptions {
  return {
    harts: count(given, 'harts', 1, MAX_HARTS) ?? 1,
    memory: memory(given),
    environment: environment(given),
    seed: count(given, 'seed', 0, 0xffff_ffff) ?? 0,
    mmu: text(given, 'mmu'),
    ad: choice(given, 'ad', ['hardware', 'software']),
    policy: choice(given, 'policy', ['corrected', 'veridian']),
    uaccess: choice(given, 'uaccess', ['corrected', 'axptr']),
    bare: given.bare === true,
    testHooks: given['test-hooks'] === true,
    strictTlb: given['strict-tlb'] === true,
  };
}

/** Throws UserError where what was asked for is none of what the target can do. */
export function checkForTarget({ mmu, ad }: GuestOptions, isa: Isa): void {
  const modes = mmuModes(isa);
  if (mmu !== undefined && !modes.includes(mmu)) throw new UserError(`--mmu: '${mmu}' is none of ${modes.join(', ')}`);
  if (ad === 'software' && !leavesAccessedDirty(isa))
    throw new UserError(`--ad: on ${isa.name} the walker always sets accessed and dirty bits, never software`);
}

/**
 * Splits a command's arguments where the guest's begin: behind the first that is no option nor an option's value, or
 * behind `--`. An option that may stand alone (`--trace`) takes a value only with `=`.
 */
export function splitAtProgram(args: readonly string[]): { readonly own: string[]; readonly guest: string[] } {
  const options: Readonly<Record<string, Options>> = { ...RUN_OPTIONS, target: TARGET_OPTION };
  const own: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--') return { own: [...own, ...args.slice(i + 1, i + 2)], guest: args.slice(i + 2) };
    if (!arg.startsWith('-') || arg === '-') return { own: [...own, arg], guest: args.slice(i + 1) };
    own.push(arg === '--trace' ? '--trace=line' : arg);
    const option = options[arg.replace(/^--/, '')];
    if (option?.requiresArg && i + 1 < args.length) own.push(args[++i]);
  }
  return { own, guest: [] };
}
