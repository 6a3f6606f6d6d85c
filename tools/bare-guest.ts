import {
  type ElfImage,
  type Finish,
  type Isa,
  loadBare,
  Machine,
  parseElf,
  type Saved,
  SymbolTable,
  watchTohost,
} from '../machine/index.ts';
import type { Guest, GuestEnd } from './guest.ts';
import type { Streams } from './host.ts';
import type { GuestOptions } from './run-options.ts';
import { recordBare } from './trace/bare.ts';
import { noticeView } from './trace/notice.ts';
import type { TraceSink } from './trace/output.ts';

/** A bare-metal image in a machine of its own, its console connected to ours. */
export class BareGuest implements Guest {
  readonly machine: Machine;
  private readonly file: Uint8Array;
  private readonly recorder: { traps: number };
  private chunk: Uint8Array = new Uint8Array(0);

  /** Throws ElfError where the image does not fit. */
  constructor(file: Uint8Array, isa: Isa, options: GuestOptions, streams: Streams, trace: TraceSink) {
    this.file = file;
    const image: ElfImage = parseElf(file, 1);
    const { memory, harts, ad, strictTlb } = options;
    this.machine = new Machine({
      isa,
      memory,
      harts,
      hardwareAd: ad === 'hardware',
      strictTlb: strictTlb ?? false,
      console: { output: (byte) => streams.output(1, Uint8Array.of(byte)), input: () => this.nextByte(streams) },
    });
    this.machine.notice = (hart, notice) => trace.notice?.(noticeView(hart, notice));
    loadBare(this.machine, image);
    const symbols = new SymbolTable(image);
    this.recorder = recordBare(
      this.machine,
      (address) => symbols.name(address),
      trace.active ? trace.record : undefined,
    );
  }

  /** Takes up a saved state. */
  static restore(saved: Saved, isa: Isa, options: GuestOptions, streams: Streams, trace: TraceSink): BareGuest {
    const { file, machine, traps } = saved as unknown as { file: Uint8Array; machine: Saved; traps: number };
    const guest = new BareGuest(file, isa, options, streams, trace);
    // Restoring resets the machine, the watch on `tohost` included, so the image's part of it is made again.
    guest.machine.restore(machine);
    watchTohost(guest.machine, parseElf(file, 1));
    guest.recorder.traps = traps;
    return guest;
  }

  get instructions(): number {
    return this.machine.instructions;
  }

  run(steps: number): 'running' | GuestEnd {
    const exit = this.machine.run(steps);
    switch (exit.kind) {
      case 'steps':
        return 'running';
      case 'finished':
        return endOf(exit.finish);
      case 'idle':
        return { kind: 'failed', status: 1, message: 'every hart waits for an interrupt, and none will come' };
      case 'gate':
        throw new Error('a bare-metal machine has no gate');
    }
  }

  save(): Saved {
    return { file: this.file, machine: this.machine.save(), traps: this.recorder.traps };
  }

  private nextByte(streams: Streams): number {
    if (this.chunk.length === 0) {
      const more = streams.read();
      if (typeof more === 'string') return -1;
      this.chunk = more;
    }
    const [byte] = this.chunk;
    this.chunk = this.chunk.subarray(1);
    return byte;
  }
}

/** A code that an exit status can hold, and that says nothing else, is the status. */
function endOf(finish: Finish): GuestEnd {
  switch (finish.kind) {
    case 'pass':
      return { kind: 'exited', status: 0 };
    case 'fail': {
      const { code, status } = finish;
      return {
        kind: 'failed',
        status: status ?? (code >= 1n && code <= 123n ? Number(code) : 1),
        message: `failed with code ${code}`,
      };
    }
    case 'unsupported':
      return { kind: 'failed', status: 1, message: `unsupported: ${finish.what}` };
    case 'shutdown':
      return { kind: 'failed', status: 1, message: [finish.what, ...finish.story].join('\n  ') };
  }
}
