import type { Device, Saved } from '../memory/device.ts';
import type { SerialPort } from './uart16550.ts';

// Registers by offset (PL011 TRM, 3.2).
const DR = 0x00;
const RSR_ECR = 0x04;
const FR = 0x18;
const ILPR = 0x20;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const DMACR = 0x48;
/** PeriphID and PCellID: eight bytes a word apart. */
const ID = 0xfe0;
const ID_BYTES = [0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

/** FR: the transmit FIFO is always empty, the line never busy. */
const TXFE = 0x80;
const RXFF = 0x40;
const RXFE = 0x10;
/** CR: UART on, loopback, transmit and receive on. */
const UARTEN = 0x001;
const LBE = 0x080;
const TXE = 0x100;
const RXE = 0x200;
/** DR and RSR: overrun. */
const OVERRUN_DATA = 0x800;
const OVERRUN = 0x8;
/** Interrupts: overrun, transmit, receive. */
const OEINTR = 0x400;
const TXINTR = 0x020;
const RXINTR = 0x010;

/** What a register holds that is written and read and means nothing else here, and what of a value it takes. */
const PLAIN: ReadonlyMap<number, number> = new Map([
  [ILPR, 0xff],
  [IBRD, 0xffff],
  [FBRD, 0x3f],
  [LCR_H, 0xff],
  [CR, 0xff87],
  [IFLS, 0x3f],
  [IMSC, 0x7ff],
  [DMACR, 0x7],
]);

/** CR and IFLS are not zero at reset. */
const AT_RESET: readonly [number, number][] = [
  [CR, TXE | RXE],
  [IFLS, 0x12],
];

/**
 * A PL011 UART. The line's speed and format are accepted and mean nothing; as on emulators, bytes come and go whether it
 * was switched on or not. One byte of receive FIFO, the rest waits in the port.
 */
export class Pl011 implements Device {
  readonly name = 'pl011';
  private readonly port: SerialPort;
  private readonly plain = new Map(AT_RESET);
  /** The received byte that waits in DR, or -1. */
  private received = -1;
  private overrun = false;
  /** Interrupts that stay until they are cleared: transmit and overrun. */
  private raised = 0;

  constructor(port: SerialPort) {
    this.port = port;
  }

  /** A narrower or wider access sees the one register at its address. */
  read(offset: number): bigint | undefined {
    return BigInt(this.readRegister(offset & ~3));
  }

  write(offset: number, _size: number, value: bigint): boolean {
    this.writeRegister(offset & ~3, Number(value & 0xffff_ffffn));
    return true;
  }

  /** Whether the interrupt line is raised. */
  get interrupt(): boolean {
    return this.masked() !== 0;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case DR:
        return this.take();
      case RSR_ECR:
        return this.overrun ? OVERRUN : 0;
      case FR:
        return TXFE | (this.ready() ? RXFF : RXFE);
      case RIS:
        return this.pending();
      case MIS:
        return this.masked();
      default:
        if (offset >= ID) return ID_BYTES[(offset - ID) >> 2];
        return this.plain.get(offset) ?? 0;
    }
  }

  private writeRegister(offset: number, value: number): void {
    const mask = PLAIN.get(offset);
    if (mask !== undefined) this.plain.set(offset, value & mask);
    else if (offset === DR) this.transmit(value & 0xff);
    else if (offset === RSR_ECR) this.overrun = false;
    else if (offset === ICR) this.raised &= ~value;
  }

  private get loopback(): boolean {
    return ((this.plain.get(CR) ?? 0) & (LBE | UARTEN)) === (LBE | UARTEN);
  }

  private transmit(byte: number): void {
    this.raised |= TXINTR;
    if (!this.loopback) {
      this.port.output(byte);
      return;
    }
    if (this.received >= 0) {
      this.overrun = true;
      this.raised |= OEINTR;
      return;
    }
    this.received = byte;
  }

  /** Whether DR holds a byte, after fetching one from the port where it can. */
  private ready(): boolean {
    if (this.received < 0 && !this.loopback) this.received = this.port.input();
    return this.received >= 0;
  }

  private take(): number {
    const byte = this.ready() ? this.received : 0;
    this.received = -1;
    return byte | (this.overrun ? OVERRUN_DATA : 0);
  }

  private pending(): number {
    return this.raised | (this.ready() ? RXINTR : 0);
  }

  private masked(): number {
    return this.pending() & (this.plain.get(IMSC) ?? 0);
  }

  reset(): void {
    this.restore([[...AT_RESET].map(([offset, value]) => [offset, value]), -1, false, 0]);
  }

  save(): Saved {
    return [[...this.plain].map(([offset, value]) => [offset, value]), this.received, this.overrun, this.raised];
  }

  restore(saved: Saved): void {
    const [plain, received, overrun, raised] = saved as unknown as [[number, number][], number, boolean, number];
    this.plain.clear();
    for (const [offset, value] of plain) this.plain.set(offset, value);
    this.received = received;
    this.overrun = overrun;
    this.raised = raised;
  }
}
