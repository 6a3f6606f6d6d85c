import { type BuiltIn, builtIns } from '../built-in.ts';
import { EDGE_CASES } from './edge-cases.ts';

/** A run to be made on every target that has the guest. */
export interface Scenario {
  /** The guest's name and its arguments: `illegal atomic`. */
  readonly name: string;
  readonly group: 'user access' | 'faults' | 'bare metal';
  readonly guest: BuiltIn;
  readonly args: readonly string[];
  /** The exit status that it ends with under the corrected policies, or of a bare-metal image. */
  readonly status: number;
}

/** Guests whose argument names one case, and the status that each ends with when it is not run in a child. */
const CASES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  illegal: { illegal: 132, breakpoint: 133, atomic: 135 },
  'kernel-touch': { store: 139, jump: 139 },
};

/** The guest that drives the table of edge cases. */
export const EDGE_CASE_GUEST = 'user-access';

/** Every edge case alone, every guest that is no benchmark with each of its arguments, and every bare-metal image. */
export function scenarios(guests: readonly BuiltIn[] = builtIns()): readonly Scenario[] {
  return guests.flatMap((guest): readonly Scenario[] => {
    const scenario = (group: Scenario['group'], args: readonly string[], status: number): Scenario => ({
      name: [guest.name, ...args].join(' '),
      group,
      guest,
      args,
      status,
    });
    if (guest.kind === 'bare') return [scenario('bare metal', [], guest.status)];
    if (guest.name.startsWith('bench-')) return [];
    if (guest.name === EDGE_CASE_GUEST) {
      return EDGE_CASES.flatMap(({ rows }) => rows.map(({ name }) => scenario('user access', [name], guest.status)));
    }
    const cases = Object.entries(CASES[guest.name] ?? {});
    return [scenario('faults', [], guest.status), ...cases.map(([arg, status]) => scenario('faults', [arg], status))];
  });
}
