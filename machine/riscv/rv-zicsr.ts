// Unprivileged spec, chapter "Zicsr" Extension for Control and Status Register Instructions.
import type { Encoding } from '../decode/index.ts';
import type { Builder } from '../ir/index.ts';
import { SLOTS, X } from './registers.ts';
import { row } from './row.ts';

/** What a CSR instruction does with the CSR's old value; the first immediate of the `csr` helper. */
export const CSR_OPERATION = { write: 0, set: 1, clear: 2 } as const;
type Operation = (typeof CSR_OPERATION)[keyof typeof CSR_OPERATION];

/** Which CSR it is only the helper knows, and by their views it may read and write any. */
const CONTROL = SLOTS.slots.filter(({ group }) => group === 'control' || group === 'hidden');

type Fields = { readonly rd: number; readonly csr: number; readonly rs1?: number; readonly uimm?: number };

/**
 * Calls helper `csr` with: operation, CSR address, rd, rs1 or the immediate, whether it is the immediate, and the
 * instruction's word, which an illegal-instruction exception reports.
 */
const csr =
  (operation: Operation) =>
  (b: Builder, { rd, csr, rs1 = 0, uimm }: Fields, { word }: Encoding) =>
    b.call('csr', [operation, csr, rd, uimm ?? rs1, uimm === undefined ? 0 : 1, word], {
      reads: rs1 === 0 ? CONTROL : [X[rs1], ...CONTROL],
      writes: rd === 0 ? CONTROL : [X[rd], ...CONTROL],
    });

export const RV_ZICSR = [
  row('csr rs1 001 rd 1110011', 'csrrw rd, csr, rs1', csr(CSR_OPERATION.write)),
  row('csr rs1 010 rd 1110011', 'csrrs rd, csr, rs1', csr(CSR_OPERATION.set)),
  row('csr rs1 011 rd 1110011', 'csrrc rd, csr, rs1', csr(CSR_OPERATION.clear)),
  row('csr uimm 101 rd 1110011', 'csrrwi rd, csr, uimm', csr(CSR_OPERATION.write)),
  row('csr uimm 110 rd 1110011', 'csrrsi rd, csr, uimm', csr(CSR_OPERATION.set)),
  row('csr uimm 111 rd 1110011', 'csrrci rd, csr, uimm', csr(CSR_OPERATION.clear)),
];
