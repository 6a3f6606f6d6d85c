import { expect, it } from 'vitest';
import { F32, F64, isNan } from '../../../machine/float/index.ts';
import { describeWith } from '../../toolchain.ts';
import { differences, type Reading } from './batch.ts';

const arithmetic = ['add', 'sub', 'mul', 'div', 'sqrt', 'fma'];
const comparison = ['eq', 'lt', 'le'];
const both = (names: readonly string[]) => names.flatMap((name) => [`${name}_s`, `${name}_d`]);

function expectAgreement(program: Parameters<typeof differences>[0], names: readonly string[], reading: Reading) {
  const { compared, lines } = differences(program, names, 2000, reading);
  expect(compared).toBeGreaterThan(names.length * 2000);
  expect(lines.slice(0, 20), `${lines.length} of ${compared} differ`).toEqual([]);
}

describeWith(['gcc'], 'as the host processor computes', () => {
  const program = {
    compile: ['gcc', '-O1', '-std=gnu11', '-frounding-math', '-ffp-contract=off', '-fno-builtin'],
    source: 'host-float.c',
    libraries: ['-lm'],
    run: [],
  };
  const reading: Reading = {
    roundings: ['rne', 'rtz', 'rdn', 'rup'],
    // ∞ × 0 + NaN is the implementation's choice (IEEE 754, 7.2 c).
    excluded: (name, [, , c]) => name.startsWith('fma') && isNan(name === 'fma_s' ? F32 : F64, c!),
    defaults: 'own',
  };
  const conversions = both(['rint', 'nearbyint', 'to_i64', 'from_i32', 'from_i64', 'from_u32']);

  it.each(both(arithmetic))('%s', (name) => expectAgreement(program, [name], reading));
  it('comparisons', () => expectAgreement(program, both(comparison), reading));
  it('conversions', () => expectAgreement(program, [...conversions, 'to_s_d', 'to_d_s'], reading));
});

describeWith(['riscv64-linux-gnu-gcc', 'qemu-riscv64'], 'as the RISC-V F and D instructions compute', () => {
  const program = {
    compile: ['riscv64-linux-gnu-gcc', '-O1', '-static', '-march=rv64gc'],
    source: 'riscv-float.c',
    libraries: [],
    run: ['qemu-riscv64'],
  };
  const reading: Reading = {
    roundings: ['rne', 'rtz', 'rdn', 'rup', 'rmm'],
    excluded: () => false,
    defaults: 'same',
  };
  const integers = ['i32', 'u32', 'i64', 'u64'].flatMap((type) => [`to_${type}`, `from_${type}`]);

  it.each(both(arithmetic))('%s', (name) => expectAgreement(program, [name], reading));
  it('minimum, maximum, comparisons and classes', () =>
    expectAgreement(program, both([...comparison, 'min', 'max', 'class']), reading));
  it('integers', () => expectAgreement(program, both(integers), reading));
  it('between formats', () => expectAgreement(program, ['to_s_d', 'to_d_s'], reading));
});
