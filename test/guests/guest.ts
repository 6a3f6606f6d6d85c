import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultPolicy, Kernel, type TrapFlow, type UserAccessPolicy } from '../../kernel/index.ts';
import { type Isa, parseElf } from '../../machine/index.ts';
import { BareGuest } from '../../tools/bare-guest.ts';
import type { GuestEnd } from '../../tools/guest.ts';
import { lineView } from '../../tools/trace/line.ts';
import { endWords } from '../../tools/validate/observe.ts';

export const GUESTS = join(import.meta.dirname, '../../guest');

/** A row of guest/guests.json. */
export interface GuestRow {
  readonly name: string;
  readonly kind: 'user' | 'bare';
  readonly options: { readonly harts?: number; readonly testHooks?: boolean; readonly stdin?: string };
  readonly status: number;
}

export const guestRows = (): GuestRow[] => JSON.parse(readFileSync(join(GUESTS, 'guests.json'), 'utf8'));

/** Whether the guest was built for a target: some are one target's own. */
export const isBuilt = (isa: Isa, { name }: GuestRow): boolean => existsSync(join(GUESTS, 'bin', isa.name, name));

export const guestFile = (isa: Isa, name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(GUESTS, 'bin', isa.name, name)));

/** How a run ended, all that it printed, and every trap of it. */
export interface GuestRun {
  readonly status: number | undefined;
  readonly panic: string | undefined;
  /** `exit 0`, `SIGSEGV SEGV_MAPERR`, `panic: …`, as `faultline validate` tells it. */
  readonly end: string;
  readonly output: string;
  readonly flows: readonly TrapFlow[];
}

export interface Policies {
  readonly policy: FaultPolicy;
  readonly uaccess: UserAccessPolicy;
  /** Absent: hardware. */
  readonly ad?: 'software';
}

/** Runs a built-in guest to its end, in this process. */
export function runGuest(isa: Isa, row: GuestRow, args: readonly string[], policies: Policies): GuestRun {
  const flows: TrapFlow[] = [];
  const chunks: Uint8Array[] = [];
  const input = [new Uint8Array(Buffer.from(row.options.stdin ?? ''))];
  const kernel = new Kernel({
    isa,
    memory: 16 << 20,
    harts: row.options.harts ?? 1,
    ad: 'hardware',
    ...policies,
    seed: 1n,
    testHooks: row.options.testHooks ?? false,
    ports: {
      output: (_, bytes) => void chunks.push(bytes.slice()),
      input: () => input.shift() ?? 'end',
    },
    recorder: (flow) => void flows.push(flow),
  });
  kernel.spawn(parseElf(guestFile(isa, row.name)), [row.name, ...args], []);
  for (;;) {
    const result = kernel.run(1_000_000);
    if (result.kind === 'running') continue;
    return {
      status: result.kind === 'exited' ? result.status : undefined,
      panic: result.kind === 'panic' ? result.message : undefined,
      end: endWords(result),
      output: Buffer.concat(chunks).toString('latin1'),
      flows,
    };
  }
}

/** Runs a bare-metal guest to its end: how it ended, what it printed, and its traps as the line view tells them. */
export function runBare(isa: Isa, row: GuestRow): { end: GuestEnd; output: string; traps: string[] } {
  const chunks: Uint8Array[] = [];
  const traps: string[] = [];
  const guest = new BareGuest(
    guestFile(isa, row.name),
    isa,
    {
      harts: row.options.harts ?? 1,
      memory: 64 << 20,
      environment: [],
      seed: 0,
      mmu: '',
      ad: 'hardware',
      policy: 'corrected',
      uaccess: 'corrected',
      bare: true,
      testHooks: false,
    },
    {
      output: (_, bytes) => void chunks.push(bytes.slice()),
      read: () => 'end',
      asked: false,
      interactive: false,
    },
    { active: true, record: (flow) => void traps.push(...lineView(flow)) },
  );
  for (;;) {
    const end = guest.run(1_000_000);
    if (typeof end === 'string') continue;
    return { end, output: Buffer.concat(chunks).toString('latin1'), traps };
  }
}
