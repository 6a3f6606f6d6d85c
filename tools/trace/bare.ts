import type { Hart, Machine } from '../../machine/index.ts';
import type { TrapView } from './view.ts';

/**
 * Makes records of a machine that runs a bare-metal image, from what the hardware knows alone. `symbol` names addresses.
 * The kernel is the guest's own, so there is no verdict and `process` is 0. Without a sink traps are only counted, so
 * that their numbers stay right when recording begins after a snapshot.
 */
export function recordBare(
  machine: Machine,
  symbol: (address: bigint) => string | undefined,
  sink: ((flow: TrapView) => void) | undefined,
): { traps: number } {
  const { isa } = machine;
  const recorder = { traps: 0 };
  machine.observer = (hart: Hart) => {
    const { trap } = hart;
    recorder.traps++;
    if (!sink) return;
    const to = isa.privilege(hart);
    const raw = isa.syndrome(hart, to);
    const instruction = machine.instructionAt(hart, trap.pc, trap.from);
    sink({
      trap: recorder.traps,
      hart: hart.id,
      process: 0,
      instruction: trap.retired,
      kind: trap.interrupt ? 'interrupt' : trap.walk && 'fault' in trap.walk.result ? 'page fault' : 'exception',
      origin: {
        privilege: trap.from,
        pc: trap.pc,
        symbol: symbol(trap.pc),
        text: instruction?.text(trap.pc) ?? 'unreadable',
      },
      access: trap.access && { ...trap.access, address: trap.address },
      raw,
      walk: trap.walk,
      info: undefined,
      userAccess: false,
      call: undefined,
      steps: [],
      nested: [],
      outcome: { kind: 'delivered', to, vector: hart.pc },
      surroundings: undefined,
    });
  };
  return recorder;
}
