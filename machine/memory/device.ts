/** A value that a snapshot can hold: what JSON can say, plus bigint and bytes. */
export type Saved =
  | null
  | boolean
  | number
  | string
  | bigint
  | Uint8Array
  | readonly Saved[]
  | { readonly [key: string]: Saved };

/**
 * A memory-mapped device. Offsets and sizes are bytes; it never sees an access outside its range. `hart` is the number
 * of the hart that makes the access, -1 where none does.
 */
export interface Device {
  readonly name: string;
  /** Reads 1, 2, 4 or 8 bytes, zero-extended; `undefined` refuses the access (an access fault). */
  read(offset: number, size: number, hart: number): bigint | undefined;
  /** Writes 1, 2, 4 or 8 bytes; false refuses the access (an access fault). */
  write(offset: number, size: number, value: bigint, hart: number): boolean;
  reset(): void;
  save(): Saved;
  restore(saved: Saved): void;
}
