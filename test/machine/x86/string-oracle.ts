// String instructions by the manual's words alone (SDM vol. 2, REP and each; vol. 1, 7.3.9), one element after another.

export type Operation = 'movs' | 'stos' | 'lods' | 'cmps' | 'scas' | 'ins' | 'outs';
export type Prefix = 'none' | 'rep' | 'repne';

const OPCODES: Readonly<Record<Operation, number>> = {
  movs: 0xa4,
  cmps: 0xa6,
  stos: 0xaa,
  lods: 0xac,
  scas: 0xae,
  ins: 0x6c,
  outs: 0x6e,
};
const READS_SOURCE: readonly Operation[] = ['movs', 'lods', 'cmps', 'outs'];
const HAS_DESTINATION: readonly Operation[] = ['movs', 'stos', 'cmps', 'scas', 'ins'];
const WRITES: readonly Operation[] = ['movs', 'stos', 'ins'];
export const COMPARES: readonly Operation[] = ['cmps', 'scas'];

export const usesSource = (operation: Operation): boolean => READS_SOURCE.includes(operation);
export const usesDestination = (operation: Operation): boolean => HAS_DESTINATION.includes(operation);

export interface StringInstruction {
  readonly operation: Operation;
  readonly size: number;
  readonly prefix: Prefix;
  /** 4: under 67H. */
  readonly addressSize: 4 | 8;
}

/** Its encoding in 64-bit mode, in hexadecimal. */
export function encode({ operation, size, prefix, addressSize }: StringInstruction): string {
  const bytes = [
    ...(addressSize === 4 ? [0x67] : []),
    ...(size === 2 ? [0x66] : []),
    ...(prefix === 'none' ? [] : [prefix === 'rep' ? 0xf3 : 0xf2]),
    ...(size === 8 ? [0x48] : []),
    OPCODES[operation] + (size === 1 ? 0 : 1),
  ];
  return Buffer.from(bytes).toString('hex');
}

export interface State {
  rax: bigint;
  rcx: bigint;
  rsi: bigint;
  rdi: bigint;
  /** CF, PF, AF, ZF, SF, OF and DF. */
  flags: bigint;
}

/** Pages, without those that are not present, and bytes there. */
export interface Memory {
  readonly isPresent: (page: bigint) => boolean;
  readonly read: (address: bigint) => bigint;
  readonly write: (address: bigint, byte: bigint) => void;
}

/** How an instruction ended: all is done, or a page fault at an address. */
export interface Ending {
  readonly state: State;
  readonly iterations: number;
  readonly fault?: { readonly address: bigint; readonly write: boolean };
}

const DF = 0x400n;
const ZF = 0x40n;

function parityIsEven(byte: bigint): boolean {
  let ones = 0;
  for (let i = 0n; i < 8n; i++) ones += Number((byte >> i) & 1n);
  return ones % 2 === 0;
}

/** Flags of x − y (SDM vol. 1, 3.4.3.1). */
function flagsOfDifference(x: bigint, y: bigint, bits: number, df: bigint): bigint {
  const result = BigInt.asUintN(bits, x - y);
  const sign = (value: bigint) => (value >> BigInt(bits - 1)) & 1n;
  const overflow = BigInt.asIntN(bits, x) - BigInt.asIntN(bits, y) !== BigInt.asIntN(bits, result);
  return (
    df |
    (x < y ? 1n : 0n) |
    (parityIsEven(result & 0xffn) ? 4n : 0n) |
    ((x & 15n) < (y & 15n) ? 0x10n : 0n) |
    (result === 0n ? ZF : 0n) |
    (sign(result) << 7n) |
    (overflow ? 0x800n : 0n)
  );
}

/** Writes a register as an address size or an operand size does: 4 bytes clear the upper half, fewer leave it. */
const written = (old: bigint, value: bigint, size: number): bigint =>
  size >= 4
    ? BigInt.asUintN(size * 8, value)
    : BigInt.asUintN(64, (old & ~((1n << BigInt(size * 8)) - 1n)) | BigInt.asUintN(size * 8, value));

/** What INS reads where nothing answers. */
const OPEN_PORT = (1n << 64n) - 1n;

/** Runs it. Only the first page fault is met; from there it can be run again. */
export function runString(one: StringInstruction, start: State, memory: Memory): Ending {
  const { operation, size, prefix, addressSize } = one;
  const bits = size * 8;
  const cut = (value: bigint) => BigInt.asUintN(addressSize * 8, value);
  const state = { ...start };
  const step = (start.flags & DF) !== 0n ? -BigInt(size) : BigInt(size);

  const absent = (address: bigint): bigint | undefined => {
    const last = BigInt.asUintN(64, address + BigInt(size - 1));
    if (!memory.isPresent(address >> 12n)) return address;
    if (!memory.isPresent(last >> 12n)) return last & ~0xfffn;
    return undefined;
  };
  const load = (address: bigint): bigint => {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | memory.read(BigInt.asUintN(64, address + BigInt(i)));
    return value;
  };
  const store = (address: bigint, value: bigint) => {
    for (let i = 0; i < size; i++)
      memory.write(BigInt.asUintN(64, address + BigInt(i)), (value >> BigInt(8 * i)) & 0xffn);
  };

  let iterations = 0;
  for (;;) {
    if (prefix !== 'none' && cut(state.rcx) === 0n) return { state, iterations };
    const [from, to] = [cut(state.rsi), cut(state.rdi)];
    const failing =
      (usesSource(operation) ? absent(from) : undefined) ?? (usesDestination(operation) ? absent(to) : undefined);
    if (failing !== undefined) {
      const source = usesSource(operation) && absent(from) !== undefined;
      // A page fault in REPE or REPNE CMPS or SCAS: EFLAGS are as before the instruction (vol. 2B, REP).
      return {
        state: { ...state, flags: start.flags },
        iterations,
        fault: { address: failing, write: !source && WRITES.includes(operation) },
      };
    }
    const accumulator = BigInt.asUintN(bits, state.rax);
    let equal = true;
    switch (operation) {
      case 'movs':
        store(to, load(from));
        break;
      case 'stos':
        store(to, accumulator);
        break;
      case 'ins':
        store(to, OPEN_PORT);
        break;
      case 'lods':
        state.rax = written(state.rax, load(from), size);
        break;
      case 'cmps':
      case 'scas': {
        const [x, y] = [operation === 'cmps' ? load(from) : accumulator, load(to)];
        state.flags = flagsOfDifference(x, y, bits, start.flags & DF);
        equal = x === y;
      }
    }
    if (usesSource(operation)) state.rsi = written(state.rsi, from + step, addressSize);
    if (usesDestination(operation)) state.rdi = written(state.rdi, to + step, addressSize);
    iterations++;
    if (prefix === 'none') return { state, iterations };
    state.rcx = written(state.rcx, cut(state.rcx) - 1n, addressSize);
    if (COMPARES.includes(operation) && equal !== (prefix === 'rep')) return { state, iterations };
  }
}
