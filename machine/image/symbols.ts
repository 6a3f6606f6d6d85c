import type { ElfImage, ElfSymbol } from './image.ts';

/** Finds the function that an address of an image belongs to; built once per image. */
export class SymbolTable {
  private readonly code: readonly ElfSymbol[];
  private readonly image: ElfImage;

  constructor(image: ElfImage) {
    this.image = image;
    const inCode = image.symbols.filter((s) => s.kind !== 'object' && this.executable(s.address));
    // Of several names for one address the function wins over a bare label, then the first in the file.
    const best = new Map<bigint, ElfSymbol>();
    for (const symbol of inCode) {
      const known = best.get(symbol.address);
      if (!known || (known.kind !== 'function' && symbol.kind === 'function')) best.set(symbol.address, symbol);
    }
    this.code = [...best.values()];
  }

  /** In code, by the sections if the file has them: headers and constants may share an executable segment. */
  private executable(address: bigint): boolean {
    const { code, segments } = this.image;
    if (code.length > 0) return code.some((at) => address >= at.address && address < at.address + at.size);
    return segments.some(
      (s) => s.kind === 'load' && s.execute && address >= s.vaddr && address < s.vaddr + BigInt(s.memorySize),
    );
  }

  /** The symbols of code, by address, one for each. */
  get symbols(): readonly ElfSymbol[] {
    return this.code;
  }

  /** The last symbol at or below an address, as linked, whose size, where it has one, reaches that far. */
  find(address: bigint): ElfSymbol | undefined {
    if (!this.executable(address)) return undefined;
    let low = 0;
    let high = this.code.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.code[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.code[low - 1];
    if (!symbol || (symbol.size > 0 && address >= symbol.address + BigInt(symbol.size))) return undefined;
    return symbol;
  }

  /** `fill+14`, the offset in hexadecimal; `fill` at its first byte. */
  name(address: bigint): string | undefined {
    const symbol = this.find(address);
    if (!symbol) return undefined;
    const offset = address - symbol.address;
    return offset === 0n ? symbol.name : `${symbol.name}+${offset.toString(16)}`;
  }
}
