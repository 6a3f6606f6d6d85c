import type { Builder } from '../ir/index.ts';
import { extractFields, type FieldKinds, type FieldsOf, type Pattern, parsePattern } from './pattern.ts';

export type FieldValues<Name extends string = string> = Readonly<Record<Name, number>>;

/** Where an instruction lies and how long it is: what its meaning may need beside its fields. */
export interface Encoding {
  /** The instruction's bits, as an unsigned number. */
  readonly word: number;
  /** Its length in bytes. */
  readonly length: number;
}

/** One instruction: encoding, assembly syntax and meaning, as the manual gives them. */
export interface Row {
  readonly pattern: Pattern;
  /** `mnemonic operand, operand(operand)`, operands being field names. */
  readonly syntax: string;
  /** Of the words that match, those that are this instruction: what bits alone cannot say (`rd != 0`). */
  readonly where: ((fields: FieldValues) => boolean) | undefined;
  readonly lift: (b: Builder, fields: FieldValues, encoding: Encoding) => void;
}

/** Extras of a row. */
export interface RowOptions<Name extends string> {
  readonly where?: (fields: FieldValues<Name>) => boolean;
}

/** Makes the `row` function of a target from its field kinds; the pattern's field names type the meaning's fields. */
export function rowMaker(kinds: FieldKinds) {
  return <const P extends string>(
    source: P,
    syntax: string,
    lift: (b: Builder, fields: FieldValues<FieldsOf<P>>, encoding: Encoding) => void,
    options: RowOptions<FieldsOf<P>> = {},
  ): Row => {
    let parsed: Pattern | undefined;
    return {
      // When it is first asked for: a run decodes one target's instructions, and the others' rows cost it nothing.
      get pattern() {
        parsed ??= parsePattern(source, kinds);
        return parsed;
      },
      syntax,
      where: options.where as Row['where'],
      lift: lift as Row['lift'],
    };
  };
}

export interface Match {
  readonly row: Row;
  readonly fields: FieldValues;
}

/** Finds the row of a word. Rows are bucketed by the bits that all rows of one length fix or share, at the first find. */
export class DecodeTable {
  readonly rows: readonly Row[];
  private buckets: Map<number, Row[]> | undefined;
  private readonly bucketMask: number;

  /** `bucketMask`: bits by which words are told apart first, such as the opcode; rows that leave one open go into all. */
  constructor(rows: readonly Row[], bucketMask: number) {
    this.rows = rows;
    this.bucketMask = bucketMask >>> 0;
  }

  find(word: number): Match | undefined {
    this.buckets ??= fill(this.rows, this.bucketMask);
    for (const row of this.buckets.get((word & this.bucketMask) >>> 0) ?? []) {
      if ((word & row.pattern.mask) >>> 0 !== row.pattern.value) continue;
      const fields = extractFields(row.pattern, word);
      if (!row.where || row.where(fields)) return { row, fields };
    }
    return undefined;
  }

  /** All rows that take a word: more than one is a mistake in the table, which a test looks for. */
  findAll(word: number): Row[] {
    return this.rows.filter((row) => {
      if ((word & row.pattern.mask) >>> 0 !== row.pattern.value) return false;
      return !row.where || row.where(extractFields(row.pattern, word));
    });
  }
}

function fill(rows: readonly Row[], bucketMask: number): Map<number, Row[]> {
  const buckets = new Map<number, Row[]>();
  for (const row of rows) {
    const open = (bucketMask & ~row.pattern.mask) >>> 0;
    const fixed = (row.pattern.value & bucketMask) >>> 0;
    for (let subset = open; ; subset = ((subset - 1) & open) >>> 0) {
      const key = (fixed | subset) >>> 0;
      const bucket = buckets.get(key);
      if (bucket) bucket.push(row);
      else buckets.set(key, [row]);
      if (subset === 0) break;
    }
  }
  return buckets;
}
