// The PL011's registers, by the names of its technical reference manual; what QEMU says of them is compared in
// aarch64/bare-platform.test.ts.
import { describe, expect, it } from 'vitest';
import { Pl011 } from '../../../machine/devices/pl011.ts';

const [DR, RSR, FR, IBRD, FBRD, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR, DMACR] = [
  0x00, 0x04, 0x18, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44, 0x48,
];
const [TXFE, RXFF, RXFE] = [0x80, 0x40, 0x10];
const [RX, TX, OE] = [0x10, 0x20, 0x400];
const LOOPBACK = 0x381;

function uart(typed = '') {
  const input = [...typed].map((c) => c.charCodeAt(0));
  const sent: number[] = [];
  const device = new Pl011({ output: (byte) => void sent.push(byte), input: () => input.shift() ?? -1 });
  return {
    device,
    sent,
    read: (offset: number) => Number(device.read(offset)),
    write: (offset: number, value: number) => device.write(offset, 4, BigInt(value)),
  };
}

describe('receiving', () => {
  it('FR says that a byte waits until DR is read', () => {
    const u = uart('a');
    expect([u.read(FR), u.read(DR), u.read(FR)]).toEqual([TXFE | RXFF, 0x61, TXFE | RXFE]);
  });
  it('DR reads as zero while nothing waits', () => expect(uart().read(DR)).toBe(0));
  it('bytes come in order', () => {
    const u = uart('xyz');
    expect([u.read(DR), u.read(DR), u.read(DR)]).toEqual([0x78, 0x79, 0x7a]);
  });
});

describe('sending', () => {
  it('a byte goes out when it is written, whatever lies above it', () => {
    const u = uart();
    u.write(DR, 0x41);
    u.write(DR, 0x1ff);
    expect([u.sent, u.read(FR) & TXFE]).toEqual([[0x41, 0xff], TXFE]);
  });
  it('in loopback it comes back, and one that comes too early is lost', () => {
    const u = uart('t');
    u.write(CR, LOOPBACK);
    u.write(DR, 0x41);
    u.write(DR, 0x42);
    expect([u.sent, u.read(RSR)]).toEqual([[], 8]);
    expect(u.read(DR) & 0xff).toBe(0x41);
    u.write(RSR, 0);
    expect([u.read(RSR), u.read(FR) & RXFE]).toEqual([0, RXFE]);
  });
});

describe('interrupts', () => {
  it('RIS has them all, MIS those of IMSC, ICR clears', () => {
    const u = uart('a');
    u.write(DR, 0x41);
    expect([u.read(RIS), u.read(MIS), u.device.interrupt]).toEqual([RX | TX, 0, false]);
    u.write(IMSC, TX);
    expect([u.read(MIS), u.device.interrupt]).toEqual([TX, true]);
    u.write(ICR, TX);
    expect([u.read(RIS), u.read(MIS), u.device.interrupt]).toEqual([RX, 0, false]);
  });
  it('the receive interrupt goes with the byte', () => {
    const u = uart('a');
    u.write(IMSC, RX);
    expect(u.device.interrupt).toBe(true);
    u.read(DR);
    expect(u.device.interrupt).toBe(false);
  });
  it('an overrun in loopback is one', () => {
    const u = uart();
    u.write(CR, LOOPBACK);
    u.write(DR, 1);
    u.write(DR, 2);
    expect(u.read(RIS) & OE).toBe(OE);
  });
});

describe('registers', () => {
  it.each([
    ['UARTIBRD', IBRD, 0xffff],
    ['UARTFBRD', FBRD, 0x3f],
    ['UARTLCR_H', LCR_H, 0xff],
    ['UARTIFLS', IFLS, 0x3f],
    ['UARTIMSC', IMSC, 0x7ff],
    ['UARTDMACR', DMACR, 0x7],
  ])('%s holds its bits', (_, offset, mask) => {
    const u = uart();
    u.write(offset, 0xffff_ffff);
    expect(u.read(offset)).toBe(mask);
    u.write(offset, 0);
    expect(u.read(offset)).toBe(0);
  });
  it('at reset', () => {
    const u = uart();
    u.write(CR, 0);
    u.device.reset();
    expect([u.read(CR), u.read(IFLS), u.read(RIS)]).toEqual([0x300, 0x12, 0]);
  });
  it('identification', () => {
    const u = uart();
    expect([0xfe0, 0xfe4, 0xfe8, 0xfec, 0xff0, 0xff4, 0xff8, 0xffc].map(u.read)).toEqual([
      0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1,
    ]);
  });
  it('everything is saved', () => {
    const u = uart('ab');
    u.write(IMSC, RX);
    u.read(FR);
    u.write(DR, 0x41);
    const other = uart();
    other.device.restore(u.device.save());
    expect([other.read(IMSC), other.read(RIS), other.read(DR), other.read(FR)]).toEqual([
      RX,
      RX | TX,
      0x61,
      TXFE | RXFE,
    ]);
  });
});
