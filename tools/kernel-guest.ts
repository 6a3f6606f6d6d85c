import { ARCHES, Kernel, type KernelOptions, type TrapFlow } from '../kernel/index.ts';
import { ElfError, type Isa, type Saved } from '../machine/index.ts';
import type { Guest, GuestEnd } from './guest.ts';
import { type StandardInput, say, write } from './host.ts';
import type { GuestOptions } from './run-options.ts';
import type { TraceOutput } from './trace/output.ts';
export class KernelGuest implements Guest {
  static start(..._: unknown[]): KernelGuest {
    throw new Error('x');
  }
  static restore(..._: unknown[]): KernelGuest {
    throw new Error('x');
  }
  get instructions(): number {
    return 0;
  }
  run(_: number): 'running' {
    return 'running';
  }
  save(): Saved {
    return null;
  }
}
