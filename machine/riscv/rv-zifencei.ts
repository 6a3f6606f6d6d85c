// Unprivileged spec, chapter "Zifencei" Extension for Instruction-Fetch Fence.
import { row } from './row.ts';
import { nop } from './rv-i.ts';

export const RV_ZIFENCEI = [
  // Decoded code is dropped when its memory is written, so a fetch never sees old bytes. The fields imm, rs1 and rd are
  // reserved, and to be ignored.
  row('imm[11:0] rs1 001 rd 0001111', 'fence.i', nop),
];
