// C4.1.96 "Advanced SIMD vector × indexed element" and "scalar × indexed element", floating point.
import type { Builder } from '../ir/index.ts';
import type { FloatHelper } from './float.ts';
import { calculate, fused, lanesOf, widthOf } from './float-lift.ts';
import { V } from './registers.ts';
import { row } from './row.ts';

/** Of the bits H, L and M, those that do not number the register Rm number the element. */
interface Element {
  readonly Q?: number;
  readonly size: number;
  readonly L: number;
  readonly M: number;
  readonly H: number;
  readonly Rm: number;
  readonly Rn: number;
  readonly Rd: number;
}
const registers = (f: Element) => ({ ...f, sz: f.size & 1, Rm: f.M * 16 + f.Rm });
const indexOf = ({ size, H, L }: Element) => (size === 3 ? H : H * 2 + L);

/** Singles or doubles, the latter not alone in a vector; those of 16 bits are FEAT_FP16's. */
const valid = { where: ({ size, L, Q = 1 }: Element) => size === 2 || (size === 3 && L === 0 && Q === 1) };

const accumulate =
  (subtracts: boolean) =>
  (b: Builder, f: Element): void =>
    fused(b, registers(f), f.Rd, indexOf(f), subtracts, false);

const multiply =
  (helper: FloatHelper) =>
  (b: Builder, f: Element): void => {
    const { Rd, Rn, Rm, ...format } = registers(f);
    const immediates = [widthOf(format), lanesOf(format), Rd, Rn, Rm, indexOf(f)];
    calculate(b, helper, immediates, [Rn, Rm], [V[Rd]]);
  };

export const A64_SIMD_FLOAT_ELEMENT = [
  row('0 Q 0 01111 size L M Rm[3:0] 0001 H 0 Rn Rd', 'fmla Vd.T, Vn.T, element', accumulate(false), valid),
  row('0 Q 0 01111 size L M Rm[3:0] 0101 H 0 Rn Rd', 'fmls Vd.T, Vn.T, element', accumulate(true), valid),
  row('0 Q 0 01111 size L M Rm[3:0] 1001 H 0 Rn Rd', 'fmul Vd.T, Vn.T, element', multiply('float.multiply'), valid),
  row(
    '0 Q 1 01111 size L M Rm[3:0] 1001 H 0 Rn Rd',
    'fmulx Vd.T, Vn.T, element',
    multiply('float.multiplyExtended'),
    valid,
  ),

  row('01 0 11111 size L M Rm[3:0] 0001 H 0 Rn Rd', 'fmla Vd, Vn, element', accumulate(false), valid),
  row('01 0 11111 size L M Rm[3:0] 0101 H 0 Rn Rd', 'fmls Vd, Vn, element', accumulate(true), valid),
  row('01 0 11111 size L M Rm[3:0] 1001 H 0 Rn Rd', 'fmul Vd, Vn, element', multiply('float.multiply'), valid),
  row('01 1 11111 size L M Rm[3:0] 1001 H 0 Rn Rd', 'fmulx Vd, Vn, element', multiply('float.multiplyExtended'), valid),
];
