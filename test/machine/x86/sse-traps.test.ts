import { describe, expect, it } from 'vitest';
import { updateMode } from '../../../machine/x86/mode.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { Rig } from './rig.ts';

const EM = 1n << 2n;
const TS = 1n << 3n;
const OSFXSR = 1n << 9n;
const OSXMMEXCPT = 1n << 10n;
const [UD, NM, GP, PF, MF, XM] = [6, 7, 13, 14, 16, 19];
/** Where data lie, in mapped pages of which the last is followed by one that is not. */
const DATA = 0x4_0000n;
const LAST = 0x4_1000n;

/** A rig with control registers changed, RAX and RDI pointing to data. */
function rig({ cr0 = 0n, cr4 = OSFXSR, ...values }: Readonly<Record<string, bigint>> = {}): Rig {
  const made = new Rig();
  made.set({ cr0: made.get('cr0') | cr0, cr4: (made.get('cr4') & ~(OSFXSR | OSXMMEXCPT)) | cr4, mxcsr: 0x1f80n });
  made.set({ rax: DATA, rdi: DATA, ...values });
  updateMode(made.hart);
  return made;
}

function setXmm({ hart }: Rig, number: number, low: bigint, high = 0n): void {
  const at = SLOTS.get(`xmm${number}`).offset >>> 3;
  hart.u64[at] = low;
  hart.u64[at + 1] = high;
}

const xmm = ({ hart }: Rig, number: number): readonly [bigint, bigint] => {
  const at = SLOTS.get(`xmm${number}`).offset >>> 3;
  return [hart.u64[at], hart.u64[at + 1]];
};

describe('SDM vol. 3A, 2.5 and tables 12-1, 13-1: what CR0 and CR4 forbid', () => {
  it.each<[string, string, Readonly<Record<string, bigint>>, number]>([
    ['SSE without CR4.OSFXSR', '0f 58 c1', { cr4: 0n }, UD],
    ['SSE under CR0.EM, which goes before TS', '0f 58 c1', { cr0: EM | TS }, UD],
    ['SSE under CR0.TS', '66 0f ef c1', { cr0: TS }, NM],
    ['SSE with memory: before any access', '0f 28 00', { cr0: TS, rax: 0x5000_0000n }, NM],
    ['MMX under CR0.EM', '0f fc c1', { cr0: EM | TS }, UD],
    ['MMX under CR0.TS', '0f fc c1', { cr0: TS }, NM],
    ['MMX with an exception of x87 pending', '0f fc c1', { fsw: 0x80n }, MF],
    ['MMX without CR4.OSFXSR', '0f fc c1', { cr4: 0n }, -1],
    ['CVTPI2PD from memory with an exception of x87 pending', '66 0f 2a 00', { fsw: 0x80n }, -1],
    ['CVTPI2PD from a register with one', '66 0f 2a c1', { fsw: 0x80n }, MF],
    ['MOVNTI under CR0.TS', '0f c3 00', { cr0: TS }, -1],
    ['LFENCE under CR0.EM', '0f ae e8', { cr0: EM }, -1],
    ['CLFLUSH of a page that is not there', '0f ae 38', { rax: 0x5000_0000n }, PF],
  ])('%s', (_, code, values, vector) => {
    expect(rig(values).run(code).vector).toBe(vector);
  });
});

describe('SDM vol. 1, 10.4.1.1 and vol. 3A, table 2-2: 16 bytes of memory are aligned', () => {
  it.each<[string, string, bigint, number]>([
    ['MOVAPS', '0f 28 00', DATA + 8n, GP],
    ['MOVAPS to memory', '0f 29 00', DATA + 8n, GP],
    ['PADDB', '66 0f fc 00', DATA + 1n, GP],
    ['PADDB of a page that is not there: alignment goes first', '66 0f fc 00', 0x5000_0001n, GP],
    ['MOVNTDQA', '66 0f 38 2a 00', DATA + 8n, GP],
    ['PEXTRW from a register', '66 0f c5 c1 01', DATA + 1n, -1],
    ['MOVUPS', '0f 10 00', DATA + 1n, -1],
    ['LDDQU', 'f2 0f f0 00', DATA + 1n, -1],
    ['PCMPISTRI', '66 0f 3a 63 00 0c', DATA + 1n, -1],
    ['ADDSS', 'f3 0f 58 00', DATA + 1n, -1],
    ['PMOVZXBW', '66 0f 38 30 00', DATA + 1n, -1],
    ['MPSADBW', '66 0f 3a 42 00 00', DATA + 1n, GP],
  ])('%s', (_, code, rax, vector) => {
    expect(rig({ rax }).run(code).vector).toBe(vector);
  });
});

describe('SDM vol. 1, 11.5: exceptions of floating point', () => {
  /** MXCSR with one exception unmasked. */
  const unmask = (bit: number) => 0x1f80n & ~(1n << BigInt(bit + 7));
  const ONE = 0x3f80_0000n;
  const SUBNORMAL = 1n;

  it.each<[string, string, bigint, bigint, Readonly<Record<string, bigint>>, number, bigint]>([
    ['division by zero', 'f3 0f 5e c1', ONE, 0n, { mxcsr: unmask(2) }, XM, 1n << 2n],
    ['#UD without OSXMMEXCPT', 'f3 0f 5e c1', ONE, 0n, { mxcsr: unmask(2), cr4: OSFXSR }, UD, 1n << 2n],
    ['masked', 'f3 0f 5e c1', ONE, 0n, {}, -1, 1n << 2n],
    ['a subnormal operand, before inexact', 'f3 0f 58 c1', ONE, SUBNORMAL, { mxcsr: unmask(1) }, XM, 1n << 1n],
    ['inexact', 'f3 0f 58 c1', ONE, 0x3300_0001n, { mxcsr: unmask(5) }, XM, 1n << 5n],
    ['COMISS of a quiet NaN', '0f 2f c1', ONE, 0x7fc0_0000n, { mxcsr: unmask(0) }, XM, 1n],
    ['UCOMISS of one', '0f 2e c1', ONE, 0x7fc0_0000n, { mxcsr: unmask(0) }, -1, 0n],
  ])('%s', (_, code, a, c, values, vector, flags) => {
    const made = rig({ cr4: OSFXSR | OSXMMEXCPT, ...values });
    setXmm(made, 0, a);
    setXmm(made, 1, c);
    made.run(code);
    expect([made.vector, made.get('mxcsr') & 0x3fn]).toEqual([vector, flags]);
    if (vector >= 0) expect(xmm(made, 0)).toEqual([a, 0n]);
  });
});

describe('SDM vol. 3A, 12.2: MMX registers are those of x87', () => {
  it('are valid after any MMX instruction but EMMS, with TOP 0 and all ones above', () => {
    const made = rig({ fsw: 0x3800n, ftw: 0n, fpr1: 5n, fpr2: 7n, fpr1_high: 0x3fffn });
    // PADDB MM1, MM2
    made.run('0f fc ca');
    expect(['fpr1', 'fpr1_high', 'fsw', 'ftw'].map((name) => made.get(name))).toEqual([12n, 0xffffn, 0n, 0xffn]);
    made.run('0f 77');
    expect(made.get('ftw')).toBe(0n);
  });
});

describe('SDM vol. 2B, MASKMOVDQU', () => {
  it('touches no byte that is not selected', () => {
    const made = rig({ rdi: LAST + 0xff8n });
    made.map(LAST + 0x1000n, 0n);
    made.write(LAST + 0xff8n, 8, 0n);
    setXmm(made, 0, 0x1122_3344_5566_7788n, 0x99n);
    setXmm(made, 1, 0x8000_0000_0000_0080n, 0x7f7f_7f7fn);
    expect(made.run('66 0f f7 c1').vector).toBe(-1);
    expect(made.read(LAST + 0xff8n, 8)).toBe(0x1100_0000_0000_0088n);
  });

  it('faults at the first one that is not mapped', () => {
    const made = rig({ rdi: LAST + 0xff8n });
    made.map(LAST + 0x1000n, 0n);
    setXmm(made, 1, 0n, 0x8000n);
    expect(made.run('66 0f f7 c1').vector).toBe(PF);
    expect(made.get('cr2')).toBe(LAST + 0x1001n);
  });
});
