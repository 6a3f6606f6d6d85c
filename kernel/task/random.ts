/** The kernel's source of random bytes: splitmix64 from the seed that the run was given, so that every run is the same. */
export class Random {
  private state: bigint;

  constructor(seed: bigint) {
    this.state = BigInt.asUintN(64, seed);
  }

  next(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e37_79b9_7f4a_7c15n);
    let z = this.state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 8) {
      const word = this.next();
      for (let k = 0; k < 8 && i + k < count; k++) bytes[i + k] = Number((word >> BigInt(k * 8)) & 0xffn);
    }
    return bytes;
  }
}
