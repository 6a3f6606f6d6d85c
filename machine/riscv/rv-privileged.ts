// Privileged spec, chapters "Machine-Mode Privileged Instructions" and "Supervisor Instructions".
import { MODE, SLOTS, X } from './registers.ts';
import { row } from './row.ts';

const MSTATUS = SLOTS.get('mstatus');
const MEPC = SLOTS.get('mepc');
const SEPC = SLOTS.get('sepc');

export const RV_PRIVILEGED = [
  row('0001000 00010 00000 000 00000 1110011', 'sret', (b, _, { word }) => {
    b.call('sret', [word], { reads: [MSTATUS, MODE], writes: [MSTATUS, MODE] });
    b.jump(b.get(SEPC));
  }),
  row('0011000 00010 00000 000 00000 1110011', 'mret', (b, _, { word }) => {
    b.call('mret', [word], { reads: [MSTATUS, MODE], writes: [MSTATUS, MODE] });
    b.jump(b.get(MEPC));
  }),
  row('0001000 00101 00000 000 00000 1110011', 'wfi', (b, _, { word }) => {
    b.call('wfi', [word], { reads: [MSTATUS, MODE] });
  }),
  row('0001001 rs2 rs1 000 00000 1110011', 'sfence.vma rs1, rs2', (b, { rs1, rs2 }, { word }) => {
    b.call('sfence.vma', [rs1, rs2, word], { reads: [MSTATUS, MODE, X[rs1], X[rs2]] });
  }),
];
