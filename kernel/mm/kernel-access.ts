import type { Hart } from '../../machine/index.ts';
import { LinuxError } from '../abi/errno.ts';
import type { Memory } from './memory.ts';

// The kernel's loads and stores at virtual addresses. Each acts as an instruction of the hart at the gate's pc: where it
// faults, the trap is delivered as the architecture delivers any, and the access is retried when that was handled.

/** Loads 1, 2, 4 or 8 bytes, zero-extended. Throws what the fault's handling throws. */
export function load(memory: Memory, hart: Hart, address: bigint, size: number): bigint {
  const accesses = memory.machine.memories[hart.id];
  let value = accesses.load(address, size);
  if (value !== undefined) return value;
  while (value === undefined) {
    takeNestedTrap(memory, hart);
    value = accesses.load(address, size);
  }
  memory.retries[hart.id] = undefined;
  return value;
}

/** Stores the low 1, 2, 4 or 8 bytes. Throws what the fault's handling throws, nothing stored. */
export function store(memory: Memory, hart: Hart, address: bigint, size: number, value: bigint): void {
  const accesses = memory.machine.memories[hart.id];
  if (accesses.store(address, size, value)) return;
  do takeNestedTrap(memory, hart);
  while (!accesses.store(address, size, value));
  memory.retries[hart.id] = undefined;
}

/**
 * Reads bytes into `into` from its start on; never outside the range. Returns how many came before the first that could
 * not be read (EFAULT); anything else that is thrown passes through.
 */
export function readBytes(memory: Memory, hart: Hart, address: bigint, into: Uint8Array): number {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  return inPieces(address, into.length, (at, done, size) => {
    const value = load(memory, hart, at, size);
    if (size === 8) view.setBigUint64(done, value, true);
    else into[done] = Number(value);
  });
}

/** Writes bytes; returns how many were written before the first that could not be (EFAULT). */
export function writeBytes(memory: Memory, hart: Hart, address: bigint, from: Uint8Array): number {
  const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
  return inPieces(address, from.length, (at, done, size) => {
    store(memory, hart, at, size, size === 8 ? view.getBigUint64(done, true) : BigInt(from[done]));
  });
}

/** Aligned words where they fit, single bytes at the ends, so that no piece crosses a page and a fault is exact. */
function inPieces(address: bigint, length: number, access: (at: bigint, done: number, size: 1 | 8) => void): number {
  let done = 0;
  try {
    while (done < length) {
      const at = address + BigInt(done);
      if (at >> 64n !== 0n) return done;
      const size = (at & 7n) === 0n && length - done >= 8 ? 8 : 1;
      access(at, done, size);
      done += size;
    }
  } catch (error) {
    if (!(error instanceof LinuxError && error.message === 'EFAULT')) throw error;
  }
  return done;
}

function takeNestedTrap(memory: Memory, hart: Hart): void {
  const gate = memory.accessGate;
  hart.pc = gate;
  hart.takeTrap();
  memory.machine.observer?.(hart);
  try {
    memory.onNestedTrap(hart);
  } catch (error) {
    // The nested entry closed user memory and was left without its return: what surrounds the access may go on with it.
    memory.arch.setUserAccess(hart, memory.uaccess === 'axptr' || memory.userAccess[hart.id]);
    throw error;
  }
  if (hart.pc !== gate) throw new Error(`a nested trap returned to ${hart.pc.toString(16)}`);
}
