// Opcode map 1, ADD to CMP (SDM vol. 2D, table A-2) and group 1: two operands, flags from the result.
import type { Builder, I64 } from '../ir/index.ts';
import { addWithCarry, setAddFlags, setLogicFlags, setSubFlags, subWithBorrow } from './alu.ts';
import type { Decoded } from './decoded.ts';
import { cut, modify, read, sizeOf } from './operand.ts';
import { type Row, row } from './row.ts';

/** The result of two operands of `size` bytes, and what writes its flags. */
type Operation = (b: Builder, size: number, x: I64, y: I64) => { result: I64; flags: () => void };

const add: Operation = (b, size, x, y) => {
  const result = cut(b, size, b.add(x, y));
  return { result, flags: () => setAddFlags(b, size, x, y, result) };
};
const sub: Operation = (b, size, x, y) => {
  const result = cut(b, size, b.sub(x, y));
  return { result, flags: () => setSubFlags(b, size, x, y, result) };
};
const logic =
  (op: 'and' | 'or' | 'xor'): Operation =>
  (b, size, x, y) => {
    const result = b[op](x, y);
    return { result, flags: () => setLogicFlags(b, size, result) };
  };

/** Writes the first operand. */
const binary = (operation: Operation) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const fromMemory = i.operands[1].kind === 'memory' ? read(b, i, 1) : undefined;
  const { old, put } = modify(b, i, 0);
  const y = fromMemory ?? cut(b, size, read(b, i, 1));
  const { result, flags } = operation(b, size, old, y);
  put(result);
  flags();
};

/** Writes flags alone. */
const compare = (operation: Operation) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const x = read(b, i, 0);
  const y = cut(b, size, read(b, i, 1));
  operation(b, size, x, y).flags();
};

const LOCK = { lock: true } as const;

/** The six forms of one of the eight operations, and its digit's in group 1. */
function operation(
  number: number,
  name: string,
  lift: (b: Builder, i: Decoded) => void,
  options: typeof LOCK | object,
) {
  const opcode = (k: number) => (number * 8 + k).toString(16).toUpperCase().padStart(2, '0');
  return [
    row(`${opcode(0)} /r`, `${name} Eb, Gb`, lift, options),
    row(`${opcode(1)} /r`, `${name} Ev, Gv`, lift, options),
    row(`${opcode(2)} /r`, `${name} Gb, Eb`, lift),
    row(`${opcode(3)} /r`, `${name} Gv, Ev`, lift),
    row(opcode(4), `${name} AL, Ib`, lift),
    row(opcode(5), `${name} rAX, Iz`, lift),
    row(`80 /${number}`, `${name} Eb, Ib`, lift, options),
    row(`81 /${number}`, `${name} Ev, Iz`, lift, options),
    row(`82 /${number}`, `${name} Eb, Ib`, lift, { ...options, only: 'legacy' }),
    row(`83 /${number}`, `${name} Ev, sIb`, lift, options),
  ];
}

export const X86_ARITHMETIC: readonly Row[] = [
  ...operation(0, 'add', binary(add), LOCK),
  ...operation(1, 'or', binary(logic('or')), LOCK),
  ...operation(2, 'adc', binary(addWithCarry), LOCK),
  ...operation(3, 'sbb', binary(subWithBorrow), LOCK),
  ...operation(4, 'and', binary(logic('and')), LOCK),
  ...operation(5, 'sub', binary(sub), LOCK),
  ...operation(6, 'xor', binary(logic('xor')), LOCK),
  ...operation(7, 'cmp', compare(sub), {}),

  row('84 /r', 'test Eb, Gb', compare(logic('and'))),
  row('85 /r', 'test Ev, Gv', compare(logic('and'))),
  row('A8', 'test AL, Ib', compare(logic('and'))),
  row('A9', 'test rAX, Iz', compare(logic('and'))),
  row('F6 /0', 'test Eb, Ib', compare(logic('and'))),
  row('F6 /1', 'test Eb, Ib', compare(logic('and'))),
  row('F7 /0', 'test Ev, Iz', compare(logic('and'))),
  row('F7 /1', 'test Ev, Iz', compare(logic('and'))),
];
