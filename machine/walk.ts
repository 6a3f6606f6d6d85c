/** One entry that a page-table walk looked at. */
export interface WalkStep {
  /** The manual's level number: the leaf level of a 4 KiB page is 0 on RISC-V and x86, 3 on AArch64. */
  readonly level: number;
  /** Which entry of its table. */
  readonly index: number;
  /** The entry's physical address. */
  readonly entryAddress: bigint;
  /** The entry's bits; absent where reading it failed. */
  readonly entry: bigint | undefined;
  /** What the walker made of it: `table 80421000`, `leaf r-xu`, `not valid`. */
  readonly decision: string;
}

/** A walk that found a leaf entry which allows the access. */
export interface WalkTranslation {
  /** First virtual and physical page number of the leaf, in 4 KiB pages, and how many pages it covers. */
  readonly vpn: bigint;
  readonly ppn: bigint;
  readonly pages: bigint;
  readonly global: boolean;
  /** The leaf entry, after the update where there is one. */
  readonly bits: bigint;
  /** Rights that the tables above the leaf take away, in the target's own bits; absent where they cannot. */
  readonly limits?: number;
  readonly entryAddress: bigint;
  /** The walker is to write this to the leaf entry (A and D bits managed by hardware), if it still holds `old`. */
  readonly update: { readonly old: bigint; readonly value: bigint } | undefined;
  /** And this to entries above the leaf, from the root down; absent where nothing is due. */
  readonly above?: readonly { readonly entryAddress: bigint; readonly old: bigint; readonly value: bigint }[];
}

/**
 * What a walk came to, and every step of it. `Fault` is the target's own union of reasons. `mode` is the scheme's name
 * (`Sv39`); `root` the root table's physical address.
 */
export interface Walk<Fault extends string = string> {
  readonly mode: string;
  readonly root: bigint;
  readonly asid: number;
  readonly steps: readonly WalkStep[];
  readonly result: WalkTranslation | { readonly fault: Fault };
}

/** A walk that came through, refused for what it led to. */
export function refusedAtEnd<Fault extends string>(walked: Walk<Fault>, fault: Fault): Walk<Fault> {
  const steps = walked.steps.map((step, i) =>
    i === walked.steps.length - 1 ? { ...step, decision: `${step.decision}, ${fault}` } : step,
  );
  return { ...walked, steps, result: { fault } };
}

/**
 * What a refusal by an entry of the TLB shows: the walk to it, where memory still holds it; where it does not, the entry
 * and behind it what the tables say now.
 */
export function refusedByHeld<Fault extends string>(held: WalkStep, now: Walk<Fault>, fault: Fault): Walk<Fault> {
  const last = now.steps.at(-1);
  const same = last !== undefined && last.entryAddress === held.entryAddress && last.entry === held.entry;
  const steps = same
    ? [...now.steps.slice(0, -1), held]
    : [held, ...now.steps.map((step) => ({ ...step, decision: `in memory now: ${step.decision}` }))];
  return { ...now, steps, result: { fault } };
}
