import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Finish } from '../isa.ts';
import { MMU } from './mmu.ts';
import { X } from './registers.ts';
import { servicesOf } from './services.ts';

/** HLT's immediate that calls the debugger (Semihosting for AArch32 and AArch64, 3). */
export const SEMIHOSTING = 0xf000;

/** Operation numbers. */
const SYS_WRITEC = 0x03;
const SYS_WRITE0 = 0x04;
const SYS_EXIT = 0x18;
const SYS_EXIT_EXTENDED = 0x20;

/** The reason of SYS_EXIT that says that the program ended by itself. */
const APPLICATION_EXIT = 0x20026n;

/** A string without an end is cut here. */
const LONGEST = 1 << 20;

/** Reads memory as the hart sees it; `undefined` where it cannot. */
function read(hart: Hart, address: bigint, size: number): bigint | undefined {
  const at = BigInt.asUintN(64, address);
  return MMU.translate(hart, at, accessShape('load', size)) ? hart.bus.read(hart.translated.pa, size) : undefined;
}

/**
 * A semihosting call: operation in W0, parameter in X1. Exits and console output are what a guest may ask for; anything
 * else, and a parameter in memory that cannot be read, ends the machine as unsupported.
 */
export function callDebugger(hart: Hart): void {
  const { finish, output } = servicesOf(hart.bus);
  const operation = BigInt.asUintN(32, hart.get(X[0]));
  const parameter = hart.get(X[1]);
  let refused: string | undefined;
  switch (Number(operation)) {
    case SYS_EXIT:
    case SYS_EXIT_EXTENDED: {
      const end = exit(hart, parameter);
      if (typeof end === 'string') refused = end;
      else finish(end);
      break;
    }
    case SYS_WRITEC: {
      const byte = read(hart, parameter, 1);
      if (byte === undefined) refused = `output of a byte at ${hex(parameter)}`;
      else output(Number(byte));
      break;
    }
    case SYS_WRITE0:
      if (!write(hart, parameter, output)) refused = `output of a string at ${hex(parameter)}`;
      break;
    default:
      refused = `operation ${hex(operation)}`;
  }
  if (refused !== undefined) finish({ kind: 'unsupported', what: `semihosting ${refused}` });
}

/** How the machine ends by a block of reason and status, or why that is not supported. */
function exit(hart: Hart, block: bigint): Finish | string {
  const reason = read(hart, block, 8);
  const code = read(hart, block + 8n, 8);
  if (reason === undefined || code === undefined) return `exit with a block at ${hex(block)}`;
  if (reason !== APPLICATION_EXIT) return `exit for reason ${hex(reason)}`;
  return code === 0n ? { kind: 'pass' } : { kind: 'fail', code };
}

/** Puts out a string that ends with a zero byte; false where it cannot be read to its end. */
function write(hart: Hart, address: bigint, output: (byte: number) => void): boolean {
  for (let i = 0; i < LONGEST; i++) {
    const byte = read(hart, address + BigInt(i), 1);
    if (byte === undefined) return false;
    if (byte === 0n) break;
    output(Number(byte));
  }
  return true;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
