// Single accesses to one mapped page, and what they come to.
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { type AccessShape, accessShape } from '../../../machine/access.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import { Bench, GRANULES, RAM_BASE, type Regions, type Setting } from './mmu-harness.ts';

export const FETCH = accessShape('fetch', 4);
export const LOAD = accessShape('load', 8);
export const STORE = accessShape('store', 8);
export const AMO = accessShape('store', 8, 'amo');
export const LDXR = accessShape('load', 8, 'reserved');
export const STXR = accessShape('store', 8, 'conditional');
export const LDAR = accessShape('load', 8, 'ordered');
export const LDTR = accessShape('load', 8, 'plain', { unprivileged: true });
export const [K4, K16, K64] = GRANULES;
export const VA = 0x1234_5000n;
export const HIGH = 0xffff_0000_0000_0000n;

/** A bench with a page, or a block, mapped at VA of the lower region. */
export function mapped(bits: bigint, setting: Setting = { el: 1 }, regions: Regions = {}, level = 3, target = TARGET) {
  const bench = new Bench();
  bench.regions(regions);
  bench.setting(setting);
  bench.set('ttbr0_el1', ROOT);
  const { granule0 = K4, size0 = 48 } = regions;
  const at = bench.map(granule0, size0, ROOT, VA, level === 3 ? target : RAM_BASE, bits, level);
  return { bench, at };
}

/** True, or ESR_EL1 in hexadecimal with the reason. */
export function attempt(bench: Bench, shape: AccessShape = LOAD, address = VA): true | string {
  const aligned = (address & BigInt(shape.size - 1)) === 0n || MMU.misaligned(bench.hart, address, shape);
  if (aligned && MMU.translate(bench.hart, address, shape)) return true;
  const { cause, walk } = bench.hart.trap;
  const result = walk?.result;
  return `${cause.toString(16)}${result && 'fault' in result ? ` ${result.fault}` : ''}`;
}
