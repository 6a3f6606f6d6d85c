import { type Saved, SymbolTable } from '../machine/index.ts';
export function encodeGraph(_root: object, _externals: ReadonlyMap<string, object>): Saved {
  return null;
}
export function decodeGraph(_saved: Saved, _externals: ReadonlyMap<string, object>): object {
  return SymbolTable;
}
