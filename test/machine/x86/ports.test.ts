// Who may access I/O ports: IOPL and the TSS's bit map (SDM vol. 1, 19.5), and what lies behind them.
import { describe, expect, it } from 'vitest';
import { ControlRig } from './control-rig.ts';

const TSS = 0x2000n;
const MAP = 0x68n;
const USER = { cpl: 3n, tr_base: TSS, tr_attributes: 0x8bn, tr_limit: MAP + 0x20n };

/** A rig whose TSS has a map of ones but for the ports given. */
function rig(registers: Readonly<Record<string, bigint>>, open: readonly number[], map = MAP): ControlRig {
  const made = new ControlRig().set({ ...USER, ...registers });
  const { bus } = made.machine;
  bus.write(TSS + 0x66n, 2, map);
  for (let i = 0n; i < 0x80n; i++) bus.write(TSS + MAP + i, 1, 0xffn);
  for (const port of open) {
    const at = TSS + MAP + BigInt(port >> 3);
    bus.write(at, 1, bus.read(at, 1)! & ~(1n << BigInt(port & 7)));
  }
  return made;
}

/** Clause, registers, open ports, port, size, trap. */
const CASES: readonly (readonly [
  string,
  Readonly<Record<string, bigint>>,
  readonly number[],
  number,
  number,
  string,
])[] = [
  ['CPL 0', { cpl: 0n }, [], 0x40, 4, ''],
  ['CPL 2 at IOPL 2', { cpl: 2n, flags: 0x2000n }, [], 0x40, 1, ''],
  ['CPL 3 at IOPL 3', { flags: 0x3000n }, [], 0x40, 1, ''],
  ['CPL 3 at IOPL 2, closed', { flags: 0x2000n }, [], 0x40, 1, '#GP'],
  ['open', {}, [0x40], 0x40, 1, ''],
  ['another is open', {}, [0x41], 0x40, 1, '#GP'],
  ['two, one of them open', {}, [0x40], 0x40, 2, '#GP'],
  ['two open', {}, [0x40, 0x41], 0x40, 2, ''],
  ['four across a byte of the map', {}, [0x46, 0x47, 0x48, 0x49], 0x46, 4, ''],
  ['four across a byte, the last closed', {}, [0x46, 0x47, 0x48], 0x46, 4, '#GP'],
  ['the last byte of the map within the limit', {}, [0xf0], 0xf0, 1, ''],
  ['its second byte beyond the limit', { tr_limit: MAP + 0x1en }, [0xf0], 0xf0, 1, '#GP'],
  ['beyond the limit', {}, [0x1f8], 0x1f8, 1, '#GP'],
  ['a TSS too short for the offset of its map', { tr_limit: 0x66n }, [0x40], 0x40, 1, '#GP'],
  ['a TSS of 16 bits', { tr_attributes: 0x83n }, [0x40], 0x40, 1, '#GP'],
  ['no TSS', { tr_attributes: 0n }, [0x40], 0x40, 1, '#GP'],
];

describe('the I/O permission bit map', () => {
  it.each(CASES)('%s', (_, registers, open, port, size, expected) => {
    for (const helper of ['checkPort', 'in', 'out']) {
      const made = rig({ ...registers, t1: BigInt(port) }, open);
      expect(made.call(helper, size), helper).toBe(expected);
    }
  });

  it('a map offset behind the limit closes all', () => {
    expect(rig({ t1: 0x40n }, [0x40], 0xffffn).call('in', 1)).toBe('#GP');
  });
});

describe('IN and OUT', () => {
  it.each([
    [1, 0xffn],
    [2, 0xffffn],
    [4, 0xffff_ffffn],
  ])('a port where nothing is: %i bytes of ones', (size, expected) => {
    const made = new ControlRig().set({ t0: 0n, t1: 0x64n });
    expect([made.call('out', size), made.call('in', size), made.get('t0')]).toEqual(['', '', expected]);
  });

  it('the 16550 at 3F8', () => {
    const made = new ControlRig();
    for (const byte of 'Hi') made.set({ t1: 0x3f8n, t0: BigInt(byte.charCodeAt(0)) }).call('out', 1);
    expect(String.fromCharCode(...made.printed)).toBe('Hi');
    made.set({ t1: 0x3fdn }).call('in', 1);
    expect(made.get('t0')).toBe(0x60n);
  });

  it.each([
    [1, 0n, { kind: 'pass' }],
    [1, 1n, { kind: 'fail', code: 3n, status: 3 }],
    [4, 0x31n, { kind: 'fail', code: 0x63n, status: 0x63 }],
    [1, 0xffn, { kind: 'fail', code: 0x1ffn, status: 0xff }],
    [2, 0x80n, { kind: 'fail', code: 0x101n, status: 1 }],
  ])('the exit port, %i bytes: %i', (size, t0, finish) => {
    const made = new ControlRig().set({ t1: 0xf4n, t0 });
    expect(made.call('out', size)).toBe('');
    expect(made.finish).toEqual(finish);
  });
});
