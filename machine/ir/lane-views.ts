/** Lanes that a number holds exactly, with room for sums and for products of half their width. */
export type SmallLanes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
/** Lanes of 64 bits. */
export type BigLanes = BigInt64Array | BigUint64Array;

/** 128 bits as lanes of every width, lane 0 lowest. A store cuts a value to its lane. */
export class LaneViews {
  readonly u8 = new Uint8Array(16);
  readonly i8 = new Int8Array(this.u8.buffer);
  readonly i16 = new Int16Array(this.u8.buffer);
  readonly u16 = new Uint16Array(this.u8.buffer);
  readonly i32 = new Int32Array(this.u8.buffer);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly i64 = new BigInt64Array(this.u8.buffer);
  readonly u64 = new BigUint64Array(this.u8.buffer);

  /** The lanes of 8, 16 or 32 bits. */
  small(bits: number, signed: boolean): SmallLanes {
    if (bits === 8) return signed ? this.i8 : this.u8;
    if (bits === 16) return signed ? this.i16 : this.u16;
    return signed ? this.i32 : this.u32;
  }

  big(signed: boolean): BigLanes {
    return signed ? this.i64 : this.u64;
  }

  put(value: bigint): void {
    this.u64[0] = value;
    this.u64[1] = value >> 64n;
  }

  take(): bigint {
    return this.u64[0] | (this.u64[1] << 64n);
  }
}
