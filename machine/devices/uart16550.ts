import type { Device, Saved } from '../memory/device.ts';

/** Where the UART's bytes go and come from. */
export interface SerialPort {
  output(byte: number): void;
  /** The next byte, or -1 where there is none now. */
  input(): number;
}

// Registers by offset; RBR and THR share one with DLL, and IER one with DLM, which LCR's DLAB bit selects.
const DATA = 0;
const IER = 1;
const IIR_FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const DLAB = 0x80;
const LOOPBACK = 0x10;
const DATA_READY = 0x01;
const OVERRUN = 0x02;
/** THR and transmitter are always empty: a byte is gone once it is written. */
const TRANSMITTER_EMPTY = 0x60;
/** CTS, DSR and DCD: somebody listens. */
const MODEM_READY = 0xb0;
const RECEIVED_INTERRUPT = 0x01;
const EMPTY_INTERRUPT = 0x02;
const LINE_INTERRUPT = 0x04;

/** A 16550 UART, with registers a byte apart. The line's speed and format are accepted and mean nothing. */
export class Uart16550 implements Device {
  readonly name = 'uart16550';
  private readonly port: SerialPort;
  /** The received byte that waits in RBR, or -1: one byte of FIFO, the rest waits in the port. */
  private received = -1;
  private ier = 0;
  private fcr = 0;
  private lcr = 0;
  private mcr = 0;
  private scr = 0;
  private divisor = 0;
  private overrun = false;
  /** "Transmitter holding register empty" has not been reported by IIR yet. */
  private emptyPending = false;

  constructor(port: SerialPort) {
    this.port = port;
  }

  /** A wider access sees the one register at its address. */
  read(offset: number): bigint | undefined {
    if (offset > SCR) return undefined;
    return BigInt(this.readRegister(offset));
  }

  write(offset: number, _size: number, value: bigint): boolean {
    if (offset > SCR) return false;
    this.writeRegister(offset, Number(value & 0xffn));
    return true;
  }

  /** Whether the interrupt line is raised: IIR says that something is pending. */
  get interrupt(): boolean {
    return this.identify() !== 1;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case DATA:
        if (this.lcr & DLAB) return this.divisor & 0xff;
        return this.take();
      case IER:
        return this.lcr & DLAB ? this.divisor >> 8 : this.ier;
      case IIR_FCR: {
        const id = this.identify();
        if (id === 0x02) this.emptyPending = false;
        return id | (this.fcr & 1 ? 0xc0 : 0);
      }
      case LCR:
        return this.lcr;
      case MCR:
        return this.mcr;
      case LSR: {
        const status = TRANSMITTER_EMPTY | (this.ready() ? DATA_READY : 0) | (this.overrun ? OVERRUN : 0);
        this.overrun = false;
        return status;
      }
      case MSR:
        return this.mcr & LOOPBACK ? loopedModem(this.mcr) : MODEM_READY;
      default:
        return this.scr;
    }
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case DATA:
        if (this.lcr & DLAB) this.divisor = (this.divisor & 0xff00) | value;
        else this.transmit(value);
        return;
      case IER:
        if (this.lcr & DLAB) {
          this.divisor = (this.divisor & 0xff) | (value << 8);
          return;
        }
        if (~this.ier & value & EMPTY_INTERRUPT) this.emptyPending = true;
        this.ier = value & 0x0f;
        return;
      case IIR_FCR:
        // Bit 1 clears the receive FIFO; the transmit FIFO is always empty.
        if (value & 0x02) this.received = -1;
        this.fcr = value & 0xc9;
        return;
      case LCR:
        this.lcr = value;
        return;
      case MCR:
        this.mcr = value & 0x1f;
        return;
      case SCR:
        this.scr = value;
        return;
      default:
        // LSR and MSR are written by factory tests only.
        return;
    }
  }

  private transmit(byte: number): void {
    this.emptyPending = true;
    if (!(this.mcr & LOOPBACK)) {
      this.port.output(byte);
      return;
    }
    if (this.received >= 0) this.overrun = true;
    this.received = byte;
  }

  /** Whether RBR holds a byte, after fetching one from the port where it can. */
  private ready(): boolean {
    if (this.received < 0 && !(this.mcr & LOOPBACK)) this.received = this.port.input();
    return this.received >= 0;
  }

  private take(): number {
    const byte = this.ready() ? this.received : 0;
    this.received = -1;
    return byte;
  }

  /** IIR without the FIFO bits: the pending interrupt of highest priority, or 1 for none. */
  private identify(): number {
    if (this.ier & LINE_INTERRUPT && this.overrun) return 0x06;
    if (this.ier & RECEIVED_INTERRUPT && this.ready()) return 0x04;
    if (this.ier & EMPTY_INTERRUPT && this.emptyPending) return 0x02;
    return 0x01;
  }

  reset(): void {
    this.restore([-1, 0, 0, 0, 0, 0, 0, false, false]);
  }

  save(): Saved {
    const { received, ier, fcr, lcr, mcr, scr, divisor, overrun, emptyPending } = this;
    return [received, ier, fcr, lcr, mcr, scr, divisor, overrun, emptyPending];
  }

  restore(saved: Saved): void {
    [this.received, this.ier, this.fcr, this.lcr, this.mcr, this.scr, this.divisor, this.overrun, this.emptyPending] =
      saved as unknown as [number, number, number, number, number, number, number, boolean, boolean];
  }
}

/** In loopback the modem inputs are the outputs DTR, RTS, OUT1 and OUT2. */
function loopedModem(mcr: number): number {
  const dtr = mcr & 1 ? 0x20 : 0;
  const rts = mcr & 2 ? 0x10 : 0;
  const out1 = mcr & 4 ? 0x40 : 0;
  const out2 = mcr & 8 ? 0x80 : 0;
  return dtr | rts | out1 | out2;
}
