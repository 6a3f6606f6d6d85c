// The 16550's registers, by the data sheet's names; what QEMU says of them is compared in riscv/bare-platform.test.ts.
import { describe, expect, it } from 'vitest';
import { Uart16550 } from '../../../machine/devices/uart16550.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, SCR] = [0, 1, 2, 3, 4, 5, 7];
const [DLAB, LOOPBACK] = [0x80, 0x10];

function uart(typed = '') {
  const input = [...typed].map((c) => c.charCodeAt(0));
  const sent: number[] = [];
  const device = new Uart16550({ output: (byte) => void sent.push(byte), input: () => input.shift() ?? -1 });
  return {
    device,
    sent,
    input,
    read: (offset: number) => Number(device.read(offset)),
    write: (offset: number, value: number) => device.write(offset, 1, BigInt(value)),
  };
}

describe('receiving', () => {
  it('LSR says that a byte waits until RBR is read', () => {
    const u = uart('ab');
    expect([u.read(LSR), u.read(LSR), u.read(DATA)]).toEqual([0x61, 0x61, 0x61]);
    expect([u.read(DATA), u.read(LSR)]).toEqual([0x62, 0x60]);
  });
  it('RBR reads as zero while nothing waits', () => expect(uart().read(DATA)).toBe(0));
  it('RBR can be read without asking first', () => expect(uart('x').read(DATA)).toBe(0x78));
  it('clearing the FIFO loses the byte that waits', () => {
    const u = uart('ab');
    u.read(LSR);
    u.write(IIR, 3);
    expect(u.read(DATA)).toBe(0x62);
  });
  it('DLAB keeps the byte', () => {
    const u = uart('a');
    u.write(LCR, DLAB);
    u.read(DATA);
    u.write(LCR, 0);
    expect(u.read(DATA)).toBe(0x61);
  });
});

describe('sending', () => {
  it('a byte goes out when it is written', () => {
    const u = uart();
    u.write(DATA, 0x41);
    u.write(DATA, 0xff);
    expect(u.sent).toEqual([0x41, 0xff]);
  });
  it('a wider store sends its low byte', () => {
    const u = uart();
    u.device.write(DATA, 4, 0x12345678n);
    expect(u.sent).toEqual([0x78]);
  });
  it('DLAB sends nothing', () => {
    const u = uart();
    u.write(LCR, DLAB);
    u.write(DATA, 0x41);
    expect([u.sent, u.read(DATA)]).toEqual([[], 0x41]);
  });
  it('loopback comes back instead, and a second byte overruns the first', () => {
    const u = uart('typed');
    u.write(MCR, LOOPBACK);
    u.write(DATA, 0x41);
    expect(u.read(LSR)).toBe(0x61);
    u.write(DATA, 0x42);
    expect([u.read(LSR), u.read(LSR)]).toEqual([0x63, 0x61]);
    expect([u.read(DATA), u.sent, u.read(LSR)]).toEqual([0x42, [], 0x60]);
  });
});

describe('IIR', () => {
  it.each([
    ['nothing enabled', 0, 'a', 1, false],
    ['data', 1, 'a', 4, true],
    ['data before an empty transmitter', 3, 'a', 4, true],
    ['an empty transmitter', 2, 'a', 2, true],
    ['no data', 1, '', 1, false],
  ])('%s', (_, ier, typed, expected, line) => {
    const u = uart(typed);
    u.write(IER, ier);
    expect([u.device.interrupt, u.read(IIR)]).toEqual([line, expected]);
  });
  it('an overrun comes first, until LSR is read', () => {
    const u = uart();
    u.write(IER, 7);
    u.write(MCR, LOOPBACK);
    u.write(DATA, 1);
    u.write(DATA, 2);
    expect([u.read(IIR), u.read(LSR), u.read(IIR)]).toEqual([6, 0x63, 4]);
  });
  it('reading it clears an empty transmitter, writing THR raises it again', () => {
    const u = uart();
    u.write(IER, 2);
    expect([u.read(IIR), u.read(IIR)]).toEqual([2, 1]);
    u.write(DATA, 0x41);
    expect(u.read(IIR)).toBe(2);
  });
});

describe('the device', () => {
  it.each([8, 0x20, 0xff])('refuses offset %i', (offset) => {
    const u = uart();
    expect([u.device.read(offset), u.write(offset, 1)]).toEqual([undefined, false]);
  });
  it('is saved and restored with the byte that waits, and reset', () => {
    const u = uart('ab');
    u.write(IER, 5);
    u.write(SCR, 0x5a);
    u.read(LSR);
    const saved = u.device.save();
    u.device.reset();
    expect([u.read(IER), u.read(SCR), u.read(DATA)]).toEqual([0, 0, 0x62]);
    u.device.restore(saved);
    expect([u.read(IER), u.read(SCR), u.read(DATA)]).toEqual([5, 0x5a, 0x61]);
    expect(u.device.save()).not.toEqual(saved);
  });
});
