import { describe, expect, it } from 'vitest';
import { CSR_NAMES, CSR_NUMBERS } from '../../../machine/riscv/csr-names.ts';
import { decodeWord } from './words.ts';

const at = (word: number, pc: bigint) => decodeWord(word, (word & 3) === 3 ? 4 : 2).text(pc);

describe('assembly text', () => {
  const cases: [number, string][] = [
    // Operand order and punctuation
    [0x00a5b023, 'sd a0,0(a1)'],
    [0xffc500e7, 'jalr ra,-4(a0)'],
    [0x00c58533, 'add a0,a1,a2'],
    [0x80050513, 'addi a0,a0,-2048'],
    // Upper immediates and shift amounts are hexadecimal
    [0xfffff537, 'lui a0,0xfffff'],
    [0x80000517, 'auipc a0,0x80000'],
    [0x03f59513, 'slli a0,a1,0x3f'],
    // aq and rl
    [0x1605a52f, 'lr.w.aqrl a0,(a1)'],
    [0x1ab6352f, 'sc.d.rl a0,a1,(a2)'],
    [0x04b6252f, 'amoadd.w.aq a0,a1,(a2)'],
    [0x00b6252f, 'amoadd.w a0,a1,(a2)'],
    // rm, left out where it is dynamic or the result exact
    [0x02c58553, 'fadd.d fa0,fa1,fa2,rne'],
    [0x02c5f553, 'fadd.d fa0,fa1,fa2'],
    [0x68c5b543, 'fmadd.s fa0,fa1,fa2,fa3,rup'],
    [0xc2259553, 'fcvt.l.d a0,fa1,rtz'],
    [0xd2058553, 'fcvt.d.w fa0,a1'],
    // Fences
    [0x0ff0000f, 'fence iorw,iorw'],
    [0x0120000f, 'fence w,r'],
    [0x0100000f, 'fence w,unknown'],
    [0x8330000f, 'fence.tso'],
    [0x8310000f, 'fence rw,w'],
    // CSRs
    [0x300fd573, 'csrrwi a0,mstatus,31'],
    [0xc0102573, 'csrrs a0,time,zero'],
    [0x80002573, 'csrrs a0,0x800,zero'],
    // Compressed
    [0x0505, 'c.addi a0,1'],
    [0x0001, 'c.addi zero,0'],
    [0x717d, 'c.addi16sp sp,-16'],
    [0x0808, 'c.addi4spn a0,sp,16'],
    [0x757d, 'c.lui a0,0xfffff'],
    [0x157e, 'c.slli a0,0x3f'],
    [0x2588, 'c.fld fa0,8(a1)'],
    [0xaa52, 'c.fsdsp fs4,272(sp)'],
    [0x9002, 'c.ebreak'],
    // Illegal ones show their bits
    [0x0000, 'illegal 0000'],
    [0xffffffff, 'illegal ffffffff'],
  ];
  it.each(cases)('%#x: %s', (word, text) => {
    expect(at(word, 0n)).toBe(text);
  });

  it('shows targets as addresses, modulo 2^64', () => {
    expect(at(0x0000_00ef, 0x8000_0000n)).toBe('jal ra,80000000');
    expect(at(0xfe0008e3, 0n)).toBe('beq zero,zero,fffffffffffffff0');
    expect(at(0xa001, 0xffff_ffff_ffff_f000n)).toBe('c.j fffffffffffff000');
  });
});

it('every CSR has one name and one address', () => {
  expect(CSR_NAMES.size).toBe(CSR_NUMBERS.size);
  for (const [name, number] of CSR_NUMBERS) expect(CSR_NAMES.get(number)).toBe(name);
});
