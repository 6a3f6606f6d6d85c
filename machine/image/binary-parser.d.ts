// The package's own declarations are not found through its `exports`; this is the part of them used here.
declare module 'binary-parser' {
  export class Parser {
    endianess(endianness: 'little' | 'big'): this;
    seek(bytes: number): this;
    uint8(name: string): this;
    uint16(name: string): this;
    uint32(name: string): this;
    uint64(name: string): this;
    /** JavaScript source of a function body that parses the variable `buffer`. */
    getCode(): string;
  }
}
