// Structure loads and stores: LD1 to LD4, ST1 to ST4, LD1R to LD4R (Arm ARM C4.1.94, C7.2).
import type { Row } from '../decode/index.ts';
import type { Builder, I64, LaneShape, V128 } from '../ir/index.ts';
import { type Bit, baseOf, plus, type TwoBits } from './addressing.ts';
import { row, setD, setV, setXOrSp, v, x } from './row.ts';

/** The fields of all these encodings; each has Q and Rt, and those of S and size that its bits name. */
type Fields = Readonly<Record<'Q' | 'S' | 'size' | 'Rt', number>>;
/** Moves registers from Rt on, going round from 31 to 0, to or from memory at the address. */
type Move = (b: Builder, address: I64, fields: Fields) => void;

const SHAPES: readonly LaneShape[] = ['i8x16', 'i16x8', 'i32x4', 'i64x2'];

const register = (Rt: number, i: number): number => (Rt + i) & 31;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Bytes of some vectors, numbered 16 to each, in the order given. */
function gather(b: Builder, vectors: readonly V128[], numbers: readonly number[]): V128 {
  const wanted = range(16).map((i) => numbers[i] ?? 0);
  const [first, second = first, ...others] = vectors;
  // What lies in the first two is put in its place with the first shuffle, the rest keeps its place for later ones.
  const gathered = b.shuffle(
    first,
    second,
    wanted.map((number) => number & 31),
  );
  return others.reduce((so, vector, i) => {
    const from = (i + 2) * 16;
    return b.shuffle(
      so,
      vector,
      wanted.map((number, k) => (number >> 4 === i + 2 ? number - from + 16 : k)),
    );
  }, gathered);
}

/** `total` bytes, 16 to a vector and 8 in the last if that many are over; aligned to an element, not to 16. */
function loadBytes(b: Builder, address: I64, total: number, alignment: number): V128[] {
  return range(Math.ceil(total / 16)).map((i) => {
    const from = plus(b, address, i * 16);
    if (total - i * 16 >= 16) return b.load128(from, 'plain', { alignment });
    return b.pure('v128.make', b.load(from, { size: 8, traits: { alignment } }), b.i64(0n));
  });
}

function storeBytes(b: Builder, address: I64, vectors: readonly V128[], total: number, alignment: number): void {
  vectors.forEach((vector, i) => {
    const to = plus(b, address, i * 16);
    if (total - i * 16 >= 16) b.store128(to, vector, { alignment });
    else b.store(to, b.pure('v128.low', vector), 8, { traits: { alignment } });
  });
}

/** Writes V[t]: all of it or, where Q is 0, the lower half, the upper being cleared. */
function setHalf(b: Builder, Q: number, t: number, value: V128): void {
  if (Q === 1) setV(b, t, value);
  else setD(b, t, b.pure('v128.low', value));
}

/** LD1, ST1 of several registers: one after the other. */
const consecutive =
  (count: number, L: Bit): Move =>
  (b, address, { Q, size, Rt }) => {
    const bytes = 8 << Q;
    const traits = { alignment: 1 << size };
    if (L === '0') {
      for (const i of range(count)) {
        const value = v(b, register(Rt, i));
        if (Q === 1) b.store128(plus(b, address, i * bytes), value, traits);
        else b.store(plus(b, address, i * bytes), b.pure('v128.low', value), 8, { traits });
      }
      return;
    }
    if (Q === 1) {
      const values = range(count).map((i) => b.load128(plus(b, address, i * bytes), 'plain', traits));
      for (const [i, value] of values.entries()) setV(b, register(Rt, i), value);
    } else {
      const values = range(count).map((i) => b.load(plus(b, address, i * bytes), { size: 8, traits }));
      for (const [i, value] of values.entries()) setD(b, register(Rt, i), value);
    }
  };

/** LD2 to LD4, ST2 to ST4: element e of register r is element e * count + r in memory. */
const interleaved =
  (count: number, L: Bit): Move =>
  (b, address, { Q, size, Rt }) => {
    const half = 8 << Q;
    const total = count * half;
    const bytes = 1 << size;
    if (L === '0') {
      const registers = range(count).map((r) => v(b, register(Rt, r)));
      const inMemory = range(total).map((i) => {
        const element = i >> size;
        return (element % count) * 16 + Math.floor(element / count) * bytes + (i & (bytes - 1));
      });
      const vectors = range(Math.ceil(total / 16)).map((i) =>
        gather(b, registers, inMemory.slice(i * 16, i * 16 + 16)),
      );
      storeBytes(b, address, vectors, total, bytes);
      return;
    }
    const vectors = loadBytes(b, address, total, bytes);
    const values = range(count).map((r) => {
      const numbers = range(half).map((i) => ((i >> size) * count + r) * bytes + (i & (bytes - 1)));
      return gather(b, vectors, numbers);
    });
    for (const [r, value] of values.entries()) setHalf(b, Q, register(Rt, r), value);
  };

/** One lane of each register; the others stay as they are. */
const lane =
  (count: number, size: number, index: (fields: Fields) => number, L: Bit): Move =>
  (b, address, fields) => {
    const bytes = 1 << size;
    const shape = SHAPES[size];
    const number = index(fields);
    const registers = range(count).map((r) => register(fields.Rt, r));
    if (L === '0') {
      for (const [r, t] of registers.entries()) {
        b.store(plus(b, address, r * bytes), b.extractLane(shape, v(b, t), number), bytes);
      }
      return;
    }
    const values = registers.map((_, r) => b.load(plus(b, address, r * bytes), { size: bytes }));
    for (const [r, t] of registers.entries()) setV(b, t, b.replaceLane(shape, v(b, t), number, values[r]));
  };

/** LD1R to LD4R: one element to all lanes of each register. */
const replicate =
  (count: number): Move =>
  (b, address, { Q, size, Rt }) => {
    const bytes = 1 << size;
    const values = range(count).map((r) => b.load(plus(b, address, r * bytes), { size: bytes }));
    for (const [r, value] of values.entries()) {
      setHalf(b, Q, register(Rt, r), b.pure(`${SHAPES[size]}.splat` as 'i8x16.splat', value));
    }
  };

/** What follows Rm in the encodings: opcode, S and size, of one lane or all (11) the scale in opcode's upper bits. */
type Tail =
  | `${Bit}${TwoBits}${Bit} size`
  | `00${Bit} S size`
  | `01${Bit} S size[1] 0`
  | `10${Bit} S 00`
  | `10${Bit} 0 01`
  | `11${Bit} 0 size`;

/** A structure access: bits of its encodings, text, meaning, and the bytes that it moves, as text and as a number. */
interface Structure {
  /** 0: whole registers; 1: one element of each. */
  readonly single: Bit;
  readonly L: Bit;
  readonly R: Bit;
  readonly tail: Tail;
  readonly text: string;
  readonly move: Move;
  readonly bytes: readonly [text: string, of: (fields: Fields) => number];
  readonly where?: (fields: Fields) => boolean;
}

/** Without writeback, and with the base register raised after the access by the bytes moved or by another register. */
function forms({ single, L, R, tail, text, move, bytes, where = () => true }: Structure): Row[] {
  return [
    row(
      `0 Q 00110${single} 0 ${L} ${R} 00000 ${tail} Rn Rt`,
      `${text}, [Xn|SP]`,
      (b, fields) => move(b, baseOf('1', b, fields.Rn), fields),
      { where },
    ),
    row(
      `0 Q 00110${single} 1 ${L} ${R} 11111 ${tail} Rn Rt`,
      `${text}, [Xn|SP], #${bytes[0]}`,
      (b, fields) => {
        const address = baseOf('1', b, fields.Rn);
        move(b, address, fields);
        setXOrSp(b, fields.Rn, plus(b, address, bytes[1](fields)));
      },
      { where },
    ),
    row(
      `0 Q 00110${single} 1 ${L} ${R} Rm ${tail} Rn Rt`,
      `${text}, [Xn|SP], Xm`,
      (b, fields) => {
        const address = baseOf('1', b, fields.Rn);
        move(b, address, fields);
        setXOrSp(b, fields.Rn, b.add(address, x(b, fields.Rm)));
      },
      { where: (fields) => fields.Rm !== 31 && where(fields) },
    ),
  ];
}

/** Opcodes of whole registers: how many, and how many make a structure. */
const MULTIPLE = [
  { opcode: '0000', count: 4, structure: 4 },
  { opcode: '0010', count: 4, structure: 1 },
  { opcode: '0100', count: 3, structure: 3 },
  { opcode: '0110', count: 3, structure: 1 },
  { opcode: '0111', count: 1, structure: 1 },
  { opcode: '1000', count: 2, structure: 2 },
  { opcode: '1010', count: 2, structure: 1 },
] as const;

/** Structures of one to four, by R and the lowest bit of opcode. */
const COUNTS = [
  { count: 1, R: '0', o: '0' },
  { count: 2, R: '1', o: '0' },
  { count: 3, R: '0', o: '1' },
  { count: 4, R: '1', o: '1' },
] as const;

/** Lanes by size of element: the bits behind `opcode`, and the lane's number, which is in what they leave of Q:S:size. */
const lanes = (o: Bit) =>
  [
    { tail: `00${o} S size`, letter: 'B', index: ({ Q, S, size }: Fields) => (Q << 3) | (S << 2) | size },
    { tail: `01${o} S size[1] 0`, letter: 'H', index: ({ Q, S, size }: Fields) => (Q << 2) | (S << 1) | (size >> 1) },
    { tail: `10${o} S 00`, letter: 'S', index: ({ Q, S }: Fields) => (Q << 1) | S },
    { tail: `10${o} 0 01`, letter: 'D', index: ({ Q }: Fields) => Q },
  ] as const;

const DIRECTIONS = [
  { L: '0', name: 'st' },
  { L: '1', name: 'ld' },
] as const;

export const STRUCTURES: readonly Row[] = [
  ...DIRECTIONS.flatMap(({ L, name }) =>
    MULTIPLE.flatMap(({ opcode, count, structure }) =>
      forms({
        single: '0',
        L,
        R: '0',
        tail: `${opcode} size`,
        text: `${name}${structure} Vt.T:${count}`,
        move: structure === 1 ? consecutive(count, L) : interleaved(count, L),
        bytes: [`vectorBytes*${count}`, ({ Q }) => (8 << Q) * count],
        // One element of 64 bits is no vector to interleave.
        where: ({ Q, size }) => structure === 1 || Q === 1 || size !== 3,
      }),
    ),
  ),
  ...DIRECTIONS.flatMap(({ L, name }) =>
    COUNTS.flatMap(({ count, R, o }) =>
      lanes(o).flatMap(({ tail, letter, index }, size) =>
        forms({
          single: '1',
          L,
          R,
          tail,
          text: `${name}${count} Vt.${letter}:${count}[lane${letter}]`,
          move: lane(count, size, index, L),
          bytes: [`${count << size}`, () => count << size],
        }),
      ),
    ),
  ),
  ...COUNTS.flatMap(({ count, R, o }) =>
    forms({
      single: '1',
      L: '1',
      R,
      tail: `11${o} 0 size`,
      text: `ld${count}r Vt.T:${count}`,
      move: replicate(count),
      bytes: [`elementBytes*${count}`, ({ size }) => count << size],
    }),
  ),
];
