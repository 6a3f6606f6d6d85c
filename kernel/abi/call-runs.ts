/** Names of system calls by number, from runs of consecutive numbers: the first one, and the names from it on. */
export const callRuns = (runs: readonly (readonly [first: number, names: string])[]): ReadonlyMap<number, string> =>
  new Map(runs.flatMap(([first, names]) => names.split(' ').map((name, i) => [first + i, name] as const)));
