/**
 * Encodings as the RISC-V and Arm manuals draw them: tokens from the most significant bit down, each either bits
 * (`0110011`), a field of its usual width (`rs1`), or a field's slice (`imm[12|10:5]`).
 */
type Tokens<P extends string> = P extends `${infer Head} ${infer Tail}` ? Head | Tokens<Tail> : P;
type FieldOf<T> = T extends `${infer Name}[${string}]` ? Name : T extends `${0 | 1}${string}` ? never : T;
/** The names of the fields in a pattern, so that a row's meaning can use no field that its encoding lacks. */
export type FieldsOf<P extends string> = FieldOf<Tokens<P>> & string;

/** How a field reads: its usual width in bits, whether its top bit is a sign, and the number that field value 0 stands for. */
export interface FieldKind {
  readonly width?: number;
  readonly signed?: boolean;
  /** Added to the encoded number: 8 for the three-bit register fields of RVC. */
  readonly base?: number;
}
export type FieldKinds = Readonly<Record<string, FieldKind>>;

interface Slice {
  /** Lowest bit of the slice in the encoding, its width, and the bit of the field where it goes. */
  readonly from: number;
  readonly width: number;
  readonly to: number;
}

interface Field {
  readonly name: string;
  readonly slices: readonly Slice[];
  readonly signBit: number | undefined;
  readonly base: number;
}

/** A parsed pattern: the word matches where `(word & mask) === value`, as unsigned 32-bit numbers. */
export interface Pattern {
  readonly source: string;
  readonly bits: number;
  readonly mask: number;
  readonly value: number;
  readonly fields: readonly Field[];
}

/** Parses a pattern; a mistake in one is a bug, found when the table is built. */
export function parsePattern(source: string, kinds: FieldKinds): Pattern {
  const parts: { name?: string; ranges: [number, number][]; bits?: string; width: number }[] = [];
  for (const token of source.split(' ')) {
    if (/^[01]+$/.test(token)) {
      parts.push({ bits: token, ranges: [], width: token.length });
      continue;
    }
    const match = /^([A-Za-z][A-Za-z0-9']*)(?:\[([0-9:|]+)\])?$/.exec(token);
    const kind = match && kinds[match[1]];
    if (!match || !kind) throw new Error(`pattern "${source}": unknown token ${token}`);
    const ranges = match[2]
      ? match[2].split('|').map((range): [number, number] => {
          const [high, low = high] = range.split(':').map(Number);
          return [high, low];
        })
      : ([[(kind.width ?? 0) - 1, 0]] as [number, number][]);
    const width = ranges.reduce((sum, [high, low]) => sum + high - low + 1, 0);
    if (width <= 0) throw new Error(`pattern "${source}": field ${token} has no width`);
    parts.push({ name: match[1], ranges, width });
  }
  const bits = parts.reduce((sum, part) => sum + part.width, 0);
  if (bits !== 16 && bits !== 32) throw new Error(`pattern "${source}" has ${bits} bits`);

  let mask = 0;
  let value = 0;
  let position = bits;
  const slices = new Map<string, Slice[]>();
  for (const part of parts) {
    if (part.bits !== undefined) {
      position -= part.width;
      mask |= (2 ** part.width - 1) << position;
      value |= Number.parseInt(part.bits, 2) << position;
      continue;
    }
    for (const [high, low] of part.ranges) {
      const width = high - low + 1;
      position -= width;
      const list = slices.get(part.name!) ?? [];
      list.push({ from: position, width, to: low });
      slices.set(part.name!, list);
    }
  }
  const fields = [...slices].map(([name, list]): Field => {
    const top = Math.max(...list.map((slice) => slice.to + slice.width - 1));
    return { name, slices: list, signBit: kinds[name].signed ? top : undefined, base: kinds[name].base ?? 0 };
  });
  return { source, bits, mask: mask >>> 0, value: value >>> 0, fields };
}

/** The values of a pattern's fields in a word that matches it. */
export function extractFields(pattern: Pattern, word: number): Record<string, number> {
  const values: Record<string, number> = {};
  for (const field of pattern.fields) {
    let value = 0;
    for (const { from, width, to } of field.slices) value |= ((word >>> from) & (2 ** width - 1)) << to;
    if (field.signBit !== undefined) value = (value << (31 - field.signBit)) >> (31 - field.signBit);
    values[field.name] = value + field.base;
  }
  return values;
}

/** The word that a pattern makes of field values: the inverse of {@link extractFields}. */
export function insertFields(pattern: Pattern, values: Readonly<Record<string, number>>): number {
  let word = pattern.value;
  for (const { name, slices, base } of pattern.fields) {
    for (const { from, width, to } of slices) word |= (((values[name] - base) >>> to) & (2 ** width - 1)) << from;
  }
  return word >>> 0;
}
