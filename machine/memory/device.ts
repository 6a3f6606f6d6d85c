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

/** A memory-mapped device. Offsets and sizes are bytes; it never sees an access outside its range. */
export interface Device {
  readonly name: string;
  /** Reads 1, 2, 4 or 8 bytes, zero-extended; `undefined` refuses the access (an access fault). */
  read(offset: number, size: number): bigint | undefined;
  /** Writes 1, 2, 4 or 8 bytes; false refuses the access (an access fault). */
  write(offset: number, size: number, value: bigint): boolean;
  reset(): void;
  save(): Saved;
  restore(saved: Saved): void;
}
