export { extractFields, type FieldKind, type FieldKinds, insertFields, type Pattern, parsePattern } from './pattern.ts';
export { DecodeTable, type Encoding, type FieldValues, type Match, type Row, rowMaker } from './table.ts';
