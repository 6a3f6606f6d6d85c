import { systemKey } from './sysreg-names.ts';

const key = (op1: number, CRn: number, CRm: number, op2: number) => systemKey({ op0: 1, op1, CRn, CRm, op2 });

const TLBI = ['vmalle1', 'vae1', 'aside1', 'vaae1', '', 'vale1', '', 'vaale1'];

/** SYS operations of this machine by number (Arm ARM C5.3 to C5.5), with the names of their aliases. */
export const SYSTEM_OPERATIONS: ReadonlyMap<number, string> = new Map([
  [key(0, 7, 1, 0), 'ic ialluis'],
  [key(0, 7, 5, 0), 'ic iallu'],
  [key(3, 7, 5, 1), 'ic ivau'],
  [key(0, 7, 6, 1), 'dc ivac'],
  [key(0, 7, 6, 2), 'dc isw'],
  [key(0, 7, 10, 2), 'dc csw'],
  [key(0, 7, 14, 2), 'dc cisw'],
  [key(3, 7, 4, 1), 'dc zva'],
  [key(3, 7, 10, 1), 'dc cvac'],
  [key(3, 7, 11, 1), 'dc cvau'],
  [key(3, 7, 14, 1), 'dc civac'],
  ...['s1e1r', 's1e1w', 's1e0r', 's1e0w'].map((name, op2): [number, string] => [key(0, 7, 8, op2), `at ${name}`]),
  ...TLBI.flatMap((name, op2): [number, string][] =>
    name === ''
      ? []
      : [
          [key(0, 8, 7, op2), `tlbi ${name}`],
          [key(0, 8, 3, op2), `tlbi ${name}is`],
        ],
  ),
]);
