import type { NoticeView } from './notice.ts';
import type { TrapView } from './view.ts';

/** The version of the trace file's format; FORMAT.md documents it. */
export const TRACE_VERSION = 1;

/** The first line of a trace file. */
export const traceHeader = (target: string): string =>
  JSON.stringify({ format: 'faultline-trace', version: TRACE_VERSION, target });

/** One trap, as one line. */
export const traceLine = (flow: TrapView): string => stringify(flow);

/** A notice of --strict-tlb, as one line. */
export const noticeLine = (notice: NoticeView): string => stringify({ notice });

/** The last line of a trace file: how the run ended. */
export const traceEnd = (end: { readonly reason: string; readonly status: number; readonly instructions: number }) =>
  JSON.stringify({ end });

/** Strict JSON: bigints become strings `"0x…"` of their 64 bits, absent fields are left out. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `0x${BigInt.asUintN(64, inner).toString(16)}` : inner,
  );
}
