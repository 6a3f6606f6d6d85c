import type { Hart } from '../hart.ts';
import { EL, EL0 } from './registers.ts';
import { CONTROL_REGISTERS } from './sysreg-control.ts';
import { DEBUG_REGISTERS } from './sysreg-debug.ts';
import { ID_REGISTERS, isReservedId } from './sysreg-id.ts';
import { SYSTEM_REGISTER_NUMBERS } from './sysreg-names.ts';
import type { SystemRegister } from './sysreg-register.ts';
import { TIMER_REGISTERS } from './timer.ts';

/** Every system register of the hart. What is not here does not exist: an access is UNDEFINED. */
const SYSTEM_REGISTERS: readonly SystemRegister[] = [
  ...ID_REGISTERS,
  ...CONTROL_REGISTERS,
  ...TIMER_REGISTERS,
  ...DEBUG_REGISTERS,
];

const BY_NUMBER = new Map(
  SYSTEM_REGISTERS.map((register) => {
    const number = SYSTEM_REGISTER_NUMBERS.get(register.name);
    if (number === undefined) throw new Error(`system register ${register.name} has no number`);
    return [number, register];
  }),
);

const BY_NAME = new Map(SYSTEM_REGISTERS.map((register) => [register.name, register]));

/** What the identification space reads as where no register is allocated (Arm ARM D18.3.1). */
const RESERVED: SystemRegister = { name: 'reserved', read: () => 0n };

/** The register of that number, if an instruction at the hart's exception level may access it so, or what it gets. */
export function accessibleRegister(
  hart: Hart,
  number: number,
  write: boolean,
): SystemRegister | 'undefined' | 'trapped' {
  return accessible(hart, BY_NUMBER.get(number) ?? (isReservedId(number) ? RESERVED : undefined), write);
}

/** The same by its name, for a kernel in the host; unallocated numbers have none. */
export const accessibleByName = (hart: Hart, name: string, write: boolean): SystemRegister | 'undefined' | 'trapped' =>
  accessible(hart, BY_NAME.get(name), write);

function accessible(
  hart: Hart,
  register: SystemRegister | undefined,
  write: boolean,
): SystemRegister | 'undefined' | 'trapped' {
  if (!register || !(write ? register.write : register.read)) return 'undefined';
  if (hart.get32(EL) === EL0) {
    const verdict = register.user?.(hart, write) ?? 'undefined';
    if (verdict !== 'allowed') return verdict;
  }
  return register.absent?.(hart) ? 'undefined' : register;
}
