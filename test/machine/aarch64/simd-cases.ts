import { expect } from 'vitest';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { FP_TRAP, FPSR, V, X } from '../../../machine/aarch64/registers.ts';
import { type Hart, Machine, pa, type RamOffset } from '../../../machine/index.ts';
import { bytesOf } from '../words.ts';
import { decodeWord } from './words.ts';

const QC = 1 << 27;
const M64 = 0xffff_ffff_ffff_ffffn;
/** What registers hold that a case does not name. */
const OTHER = 0xa5a5_a5a5_a5a5_a5a5_a5a5_a5a5_a5a5_a5a5n;

/** A machine that runs one instruction at a time, at EL1 with the MMU off, SIMD enabled or not. */
export class SimdRig {
  private readonly machine = new Machine({
    isa: AARCH64,
    memory: 4096,
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  readonly hart: Hart = this.machine.harts[0];

  /** The cause of the trap that the instruction raised, if it did. */
  step(word: number): number | undefined {
    const { machine, hart } = this;
    const { ram } = machine;
    let cause: number | undefined;
    machine.observer = ({ trap }) => {
      cause = trap.cause;
    };
    hart.pc = AARCH64.ramBase;
    ram.writeBytes(ram.offset(pa(AARCH64.ramBase), 4) as RamOffset, bytesOf(word, 4));
    machine.run(1);
    return cause;
  }

  enable(on: boolean): void {
    this.hart.set32(FP_TRAP, on ? 0 : 1);
  }

  vector(i: number): bigint {
    const at = V[i].offset / 8;
    return this.hart.u64[at] | (this.hart.u64[at + 1] << 64n);
  }

  setVector(i: number, value: bigint): void {
    const at = V[i].offset / 8;
    this.hart.u64[at] = value & M64;
    this.hart.u64[at + 1] = value >> 64n;
  }
}

const rig = new SimdRig();

/** `v0=7f_80 x1=5 qc` as values by name; digits are hexadecimal, lanes from the highest down. */
function parse(text: string): Map<string, bigint> {
  return new Map(
    text
      .split(' ')
      .filter((part) => part !== '')
      .map((part) => {
        const [name, digits = '1'] = part.split('=');
        return [name, BigInt(`0x${digits.replaceAll('_', '')}`)];
      }),
  );
}

const show = (values: Map<string, bigint>) =>
  [...values].map(([name, value]) => (name === 'qc' ? name : `${name}=${value.toString(16)}`)).sort();

/**
 * Runs a line `word | assembly | inputs => outputs`: all else is as it was, and QC set only where the outputs say so.
 * `qc` among the inputs: it was set before.
 */
export function check(line: string): void {
  const [word, text, effect] = line.split(' | ');
  const [inputs, outputs] = effect.split('=>').map(parse);
  const code = Number.parseInt(word, 16);
  expect(decodeWord(code).text(0n)).toBe(text);
  const { hart } = rig;
  rig.enable(true);
  for (let i = 0; i < 32; i++) rig.setVector(i, inputs.get(`v${i}`) ?? OTHER);
  for (let i = 0; i < 31; i++) hart.set(X[i], inputs.get(`x${i}`) ?? OTHER & M64);
  hart.set32(FPSR, inputs.has('qc') ? QC : 0);
  expect(rig.step(code)).toBeUndefined();
  const changed = new Map<string, bigint>();
  const note = (name: string, value: bigint, before: bigint) => {
    if (value !== before || outputs.has(name)) changed.set(name, value);
  };
  for (let i = 0; i < 32; i++) note(`v${i}`, rig.vector(i), inputs.get(`v${i}`) ?? OTHER);
  for (let i = 0; i < 31; i++) note(`x${i}`, hart.get(X[i]), inputs.get(`x${i}`) ?? OTHER & M64);
  if (hart.get32(FPSR) !== 0) changed.set('qc', BigInt(hart.get32(FPSR) >>> 27));
  expect(show(changed)).toEqual(show(outputs));
}
