// C4.1.96 "Advanced SIMD three different" and "scalar three different".
import type { Builder } from '../ir/index.ts';
import { differenceS, differenceU } from './a64-simd-three-same.ts';
import { requireFp, row, setV, v } from './row.ts';
import {
  add,
  type Binary,
  below64,
  bytes,
  constant,
  type Fields3,
  middle,
  multiply,
  narrow,
  operate,
  shiftRightU,
  subtract,
  widen,
} from './simd-lift.ts';

type Fields = Fields3 & { readonly Q: number; readonly size: number };

/** Both operands widened. */
const long =
  (signed: boolean, meaning: Binary) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    requireFp(b);
    const [n, m] = [widen(b, size, v(b, Rn), Q, signed), widen(b, size, v(b, Rm), Q, signed)];
    setV(b, Rd, meaning(b, size + 1, n, m));
  };

const longAccumulating =
  (signed: boolean, join: Binary, meaning: Binary) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    requireFp(b);
    const [n, m] = [widen(b, size, v(b, Rn), Q, signed), widen(b, size, v(b, Rm), Q, signed)];
    setV(b, Rd, join(b, size + 1, v(b, Rd), meaning(b, size + 1, n, m)));
  };

/** The second operand widened. */
const wide =
  (signed: boolean, meaning: Binary) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    requireFp(b);
    setV(b, Rd, meaning(b, size + 1, v(b, Rn), widen(b, size, v(b, Rm), Q, signed)));
  };

/** Absolute differences, which as unsigned numbers fit the operands' lanes, widened. */
const longDifference =
  (meaning: Binary, accumulates: boolean) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    requireFp(b);
    const difference = widen(b, size, meaning(b, size, v(b, Rn), v(b, Rm)), Q, false);
    setV(b, Rd, accumulates ? add(b, size + 1, v(b, Rd), difference) : difference);
  };

/** The upper halves of results of twice the width of `size`, rounded or not. */
const highNarrow =
  (rounds: boolean, meaning: Binary) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    requireFp(b);
    const bits = 8 << size;
    const result = meaning(b, size + 1, v(b, Rn), v(b, Rm));
    const round = () => constant(b, size + 1, 1n << BigInt(bits - 1));
    const rounded = rounds ? add(b, size + 1, result, round()) : result;
    setV(b, Rd, narrow(b, size, shiftRightU(b, size + 1, rounded, bits), Q, Rd));
  };

const operation =
  (name: 'sqdmull' | 'sqdmlal' | 'sqdmlsl' | 'pmull') =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields): void => {
    const lanes = 8 >> size;
    operate(b, name, [8 << size, Q * lanes, lanes, Rd, Rn, Rm], [Rn, Rm], Rd);
  };

const scalarOperation =
  (name: 'sqdmull' | 'sqdmlal' | 'sqdmlsl') =>
  (b: Builder, { size, Rd, Rn, Rm }: Fields3 & { readonly size: number }): void =>
    operate(b, name, [8 << size, 0, 1, Rd, Rn, Rm], [Rn, Rm], Rd);

export const SIMD_THREE_DIFFERENT = [
  row('0 Q 0 01110 size 1 Rm 0000 00 Rn Rd', 'saddl{2} Vd.Ta, Vn.Tb, Vm.Tb', long(true, add), below64),
  row('0 Q 1 01110 size 1 Rm 0000 00 Rn Rd', 'uaddl{2} Vd.Ta, Vn.Tb, Vm.Tb', long(false, add), below64),
  row('0 Q 0 01110 size 1 Rm 0001 00 Rn Rd', 'saddw{2} Vd.Ta, Vn.Ta, Vm.Tb', wide(true, add), below64),
  row('0 Q 1 01110 size 1 Rm 0001 00 Rn Rd', 'uaddw{2} Vd.Ta, Vn.Ta, Vm.Tb', wide(false, add), below64),
  row('0 Q 0 01110 size 1 Rm 0010 00 Rn Rd', 'ssubl{2} Vd.Ta, Vn.Tb, Vm.Tb', long(true, subtract), below64),
  row('0 Q 1 01110 size 1 Rm 0010 00 Rn Rd', 'usubl{2} Vd.Ta, Vn.Tb, Vm.Tb', long(false, subtract), below64),
  row('0 Q 0 01110 size 1 Rm 0011 00 Rn Rd', 'ssubw{2} Vd.Ta, Vn.Ta, Vm.Tb', wide(true, subtract), below64),
  row('0 Q 1 01110 size 1 Rm 0011 00 Rn Rd', 'usubw{2} Vd.Ta, Vn.Ta, Vm.Tb', wide(false, subtract), below64),
  row('0 Q 0 01110 size 1 Rm 0100 00 Rn Rd', 'addhn{2} Vd.Tb, Vn.Ta, Vm.Ta', highNarrow(false, add), below64),
  row('0 Q 1 01110 size 1 Rm 0100 00 Rn Rd', 'raddhn{2} Vd.Tb, Vn.Ta, Vm.Ta', highNarrow(true, add), below64),
  row(
    '0 Q 0 01110 size 1 Rm 0101 00 Rn Rd',
    'sabal{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longDifference(differenceS, true),
    below64,
  ),
  row(
    '0 Q 1 01110 size 1 Rm 0101 00 Rn Rd',
    'uabal{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longDifference(differenceU, true),
    below64,
  ),
  row('0 Q 0 01110 size 1 Rm 0110 00 Rn Rd', 'subhn{2} Vd.Tb, Vn.Ta, Vm.Ta', highNarrow(false, subtract), below64),
  row('0 Q 1 01110 size 1 Rm 0110 00 Rn Rd', 'rsubhn{2} Vd.Tb, Vn.Ta, Vm.Ta', highNarrow(true, subtract), below64),
  row(
    '0 Q 0 01110 size 1 Rm 0111 00 Rn Rd',
    'sabdl{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longDifference(differenceS, false),
    below64,
  ),
  row(
    '0 Q 1 01110 size 1 Rm 0111 00 Rn Rd',
    'uabdl{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longDifference(differenceU, false),
    below64,
  ),
  row(
    '0 Q 0 01110 size 1 Rm 1000 00 Rn Rd',
    'smlal{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longAccumulating(true, add, multiply),
    below64,
  ),
  row(
    '0 Q 1 01110 size 1 Rm 1000 00 Rn Rd',
    'umlal{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longAccumulating(false, add, multiply),
    below64,
  ),
  row('0 Q 0 01110 size 1 Rm 1001 00 Rn Rd', 'sqdmlal{2} Vd.Ta, Vn.Tb, Vm.Tb', operation('sqdmlal'), middle),
  row(
    '0 Q 0 01110 size 1 Rm 1010 00 Rn Rd',
    'smlsl{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longAccumulating(true, subtract, multiply),
    below64,
  ),
  row(
    '0 Q 1 01110 size 1 Rm 1010 00 Rn Rd',
    'umlsl{2} Vd.Ta, Vn.Tb, Vm.Tb',
    longAccumulating(false, subtract, multiply),
    below64,
  ),
  row('0 Q 0 01110 size 1 Rm 1011 00 Rn Rd', 'sqdmlsl{2} Vd.Ta, Vn.Tb, Vm.Tb', operation('sqdmlsl'), middle),
  row('0 Q 0 01110 size 1 Rm 1100 00 Rn Rd', 'smull{2} Vd.Ta, Vn.Tb, Vm.Tb', long(true, multiply), below64),
  row('0 Q 1 01110 size 1 Rm 1100 00 Rn Rd', 'umull{2} Vd.Ta, Vn.Tb, Vm.Tb', long(false, multiply), below64),
  row('0 Q 0 01110 size 1 Rm 1101 00 Rn Rd', 'sqdmull{2} Vd.Ta, Vn.Tb, Vm.Tb', operation('sqdmull'), middle),
  row('0 Q 0 01110 size 1 Rm 1110 00 Rn Rd', 'pmull{2} Vd.Ta, Vn.Tb, Vm.Tb', operation('pmull'), bytes),

  row('01 0 11110 size 1 Rm 1001 00 Rn Rd', 'sqdmlal Vd.Va, Vn, Vm', scalarOperation('sqdmlal'), middle),
  row('01 0 11110 size 1 Rm 1011 00 Rn Rd', 'sqdmlsl Vd.Va, Vn, Vm', scalarOperation('sqdmlsl'), middle),
  row('01 0 11110 size 1 Rm 1101 00 Rn Rd', 'sqdmull Vd.Va, Vn, Vm', scalarOperation('sqdmull'), middle),
];
