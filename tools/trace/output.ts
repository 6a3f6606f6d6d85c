import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { fileWords, write } from '../host.ts';
import type { TraceOptions } from '../run-options.ts';
import { fullView } from './full.ts';
import { noticeLine, traceEnd, traceHeader, traceLine } from './json.ts';
import { lineView } from './line.ts';
import { fullNotice, lineNotice, type NoticeView } from './notice.ts';
import type { Paint } from './paint.ts';
import type { TrapView } from './view.ts';

/** Bytes of the trace file that are gathered before they are written. */
const CHUNK = 1 << 16;

/** Whoever wants records of traps. */
export interface TraceSink {
  /** Whether records are to be made at all. */
  readonly active: boolean;
  /** Takes a trap's record, when the trap has ended. */
  readonly record: (flow: TrapView) => void;
  /** Takes a notice of --strict-tlb, when it was made. */
  readonly notice?: (notice: NoticeView) => void;
}

/** Where a run's traps go: a view on stderr, and a file. */
export class TraceOutput implements TraceSink {
  private readonly options: TraceOptions;
  private readonly paint: Paint;
  private readonly fd: number | undefined;
  private pending = '';

  /** Opens the file; throws UserError where it cannot be written. */
  constructor(options: TraceOptions, target: string, paint: Paint) {
    this.options = options;
    this.paint = paint;
    if (options.file === undefined) return;
    try {
      this.fd = openSync(options.file, 'w');
    } catch (error) {
      throw new UserError(`--trace-out: ${options.file}: ${fileWords(error)}`);
    }
    this.toFile(traceHeader(target));
  }

  get active(): boolean {
    return this.options.view !== undefined || this.options.file !== undefined;
  }

  readonly record = (flow: TrapView): void => {
    this.toFile(traceLine(flow));
    const { view, only } = this.options;
    if (view === undefined || !wanted(flow, only)) return;
    const lines = view === 'full' ? fullView(flow, this.paint) : lineView(flow, this.paint);
    write(2, `${lines.join('\n')}\n`);
  };

  /** Whoever asked for notices sees them, with or without traps around them. */
  readonly notice = (notice: NoticeView): void => {
    this.toFile(noticeLine(notice));
    const lines = this.options.view === 'full' ? fullNotice(notice, this.paint) : [lineNotice(notice, this.paint)];
    write(2, `${lines.join('\n')}\n`);
  };

  /** Writes what is still to be written and closes the file. */
  close(end: { readonly reason: string; readonly status: number; readonly instructions: number }): void {
    if (this.fd === undefined) return;
    this.toFile(traceEnd(end));
    this.flush();
    closeSync(this.fd);
  }

  private toFile(line: string): void {
    if (this.fd === undefined) return;
    this.pending += `${line}\n`;
    if (this.pending.length >= CHUNK) this.flush();
  }

  private flush(): void {
    if (this.fd === undefined) return;
    let bytes = new TextEncoder().encode(this.pending);
    this.pending = '';
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.fd, bytes));
    } catch (error) {
      throw new UserError(`--trace-out: ${this.options.file}: ${fileWords(error)}`);
    }
  }
}

/** A system call inside which a fault was taken is of interest to those who look for faults. */
function wanted(flow: TrapView, only: TraceOptions['only']): boolean {
  switch (only) {
    case undefined:
      return true;
    case 'syscalls':
      return flow.kind === 'system call';
    case 'faults':
      return flow.kind === 'page fault' || flow.kind === 'exception' || flow.nested.length > 0;
  }
}
