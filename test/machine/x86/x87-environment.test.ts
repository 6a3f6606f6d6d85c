import { describe, expect, it } from 'vitest';
import { updateMode } from '../../../machine/x86/mode.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { Rig } from './rig.ts';

// What of x87's environment and of FXSAVE's image a process on the host cannot show: other segments’ bases, 32-bit code, and what
// CPUID tells of FCS and FDS. All else is in state.test.ts.

const OSFXSR = 1n << 9n;
const AREA = 0x4_0000n;
const OPERAND = 0x4_1000n;

/** A rig with an area of ones at RDI. */
function rig(legacy: boolean, values: Readonly<Record<string, bigint>> = {}): Rig {
  const made = new Rig({ legacy });
  made.set({ cr4: made.get('cr4') | OSFXSR, fcw: 0x37fn, mxcsr: 0x1f80n, rdi: AREA, rax: OPERAND, ...values });
  for (let at = 0n; at < 512n; at += 8n) made.write(AREA + at, 8, -1n);
  updateMode(made.hart);
  return made;
}

function setXmm({ hart }: Rig, number: number, value: bigint): void {
  const at = SLOTS.get(`xmm${number}`).offset >>> 3;
  hart.u64[at] = value;
  hart.u64[at + 1] = value;
}

const xmm = ({ hart }: Rig, number: number): bigint => hart.u64[SLOTS.get(`xmm${number}`).offset >>> 3];

describe('SDM vol. 1, 8.1.8: pointers', () => {
  it.each<[string, boolean, string, Readonly<Record<string, bigint>>]>([
    ['FS, which has a base in 64-bit mode', false, '64 d9 00', { fs_base: 0x1234_5000n, rax: OPERAND - 0x1234_5000n }],
    ['GS', false, '65 d9 00', { gs_base: -0x1000n, rax: OPERAND + 0x1000n }],
    ['DS, whose base counts for nothing there', false, 'd9 00', { ds_base: 0x1000n }],
    ['DS in 32-bit code', true, 'd9 00', { ds_base: 0x1000n, rax: OPERAND - 0x1000n }],
    ['an offset that wraps around in 32-bit code', true, 'd9 00', { ds_base: OPERAND + 16n, rax: 0xffff_fff0n }],
    ['SS in 32-bit code', true, '36 d9 00', { ss_base: 0x800n, rax: OPERAND - 0x800n }],
  ])('FDP is the offset of the operand in its segment: %s', (_, legacy, load, values) => {
    const made = rig(legacy, values);
    made.run(load);
    expect([made.vector, made.get('fdp')]).toEqual([-1, BigInt.asUintN(legacy ? 32 : 64, made.get('rax'))]);
  });

  it.each([
    ['FNSTENV', 'd9 37', 16n, 24n, 2],
    ['FNSTENV of 16 bits', '66 d9 37', 8n, 12n, 2],
    ['FXSAVE', '0f ae 07', 12n, 20n, 4],
  ] as const)('%s: FCS and FDS are 0, as CPUID.7:EBX[13] tells, also behind FLDENV', (_, save, fcs, fds, size) => {
    const made = rig(false);
    made.write(AREA, 2, 0x37fn);
    // FLDENV of ones but for the control word, whose exceptions are all masked.
    made.run('d9 27');
    expect(made.get('fip')).toBe(0xffff_ffffn);
    made.run(save);
    expect([made.vector, made.read(AREA + fcs, size), made.read(AREA + fds, size)]).toEqual([-1, 0n, 0n]);
  });
});

describe('SDM vol. 1, 10.5.1: FXSAVE and FXRSTOR', () => {
  it.each([
    ['in 64-bit mode', false, 16],
    ['in 32-bit code', true, 8],
  ] as const)('%s XMM registers are as many as there are', (_, legacy, count) => {
    const made = rig(legacy);
    for (let n = 0; n < 16; n++) setXmm(made, n, BigInt(n));
    made.run('0f ae 07');
    const saved = Array.from({ length: 16 }, (_, n) => made.read(AREA + 160n + BigInt(16 * n), 8));
    const ones = BigInt.asUintN(64, -1n);
    expect(saved).toEqual(Array.from({ length: 16 }, (_, n) => (n < count ? BigInt(n) : ones)));
    for (let n = 0; n < 16; n++) made.write(AREA + 160n + BigInt(16 * n), 8, 0x77n);
    made.run('0f ae 0f');
    expect(made.vector).toBe(-1);
    const restored = Array.from({ length: 16 }, (_, n) => xmm(made, n));
    expect(restored).toEqual(Array.from({ length: 16 }, (_, n) => (n < count ? 0x77n : BigInt(n))));
  });
});
