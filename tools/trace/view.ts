import type { AreaView, Change, HandlerStep, Outcome, PageFaultReason, TrapFlow } from '../../kernel/index.ts';
import type { Privilege } from '../../machine/index.ts';

/** How a trap ends that a kernel inside the guest handles: it was delivered, and what comes of it is the guest's affair. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly to: Privilege;
  readonly vector: bigint;
}

/** What the views show: a trap flow, or the part of one that a machine without a TypeScript kernel can tell. */
export interface TrapView extends Omit<TrapFlow, 'outcome' | 'nested'> {
  readonly outcome: Outcome | Delivered;
  readonly nested: readonly TrapView[];
}

export const hex = (value: bigint | number): string => value.toString(16);

/** Privileges in one word, as wide as the line view's column. */
export const PRIVILEGE_WORDS: Readonly<Record<Privilege, string>> = {
  user: 'user',
  supervisor: 'kernel',
  machine: 'machine',
};

const REASON_WORDS: Readonly<Record<PageFaultReason, string>> = {
  NotPresent: 'not present',
  ProtectionViolation: 'protection',
  WriteToReadOnly: 'read-only',
  ExecuteNoExecute: 'not executable',
  UserModeKernelAccess: 'kernel page',
};

/** What a fault was about, in two words: what the kernel made of it, else the hardware's name. */
export function faultWords(flow: TrapView): string {
  return flow.info ? (flow.info.corrected?.hard ?? REASON_WORDS[flow.info.reason]) : flow.raw.summary;
}

/** System calls that return an address. */
const RETURN_ADDRESS = ['brk', 'mmap', 'mremap'];

/** What a system call returned: a signed number, or an address. */
export function resultWords({ call }: TrapView, value: bigint): string {
  const signed = BigInt.asIntN(64, value);
  if (signed < 0n || !RETURN_ADDRESS.includes(call?.name ?? '')) return signed.toString();
  return `0x${hex(value)}`;
}

export const areaWords = ({ start, end, flags, name }: AreaView) => `${hex(start)}–${hex(end)} ${flags} ${name}`;

/** The verdict's reason without the step's own name in front. */
export function whyWords({ step, why }: HandlerStep): string {
  return why.startsWith(`${step}: `) ? why.slice(step.length + 2) : why;
}

/** A frame that a step took or gave back. */
export function frameWords({ action, frame, from }: Change & { kind: 'frame' }): string {
  switch (action) {
    case 'zeroed':
      return `frame ${hex(frame)}, zeroed`;
    case 'copied':
      return `frame ${hex(frame)}, copied${from === undefined ? '' : ` from ${hex(from)}`}`;
    case 'from file':
      return `frame ${hex(frame)}, from the file`;
    case 'freed':
      return `frame ${hex(frame)} freed`;
  }
}

export const isFrame = (change: Change): change is Change & { kind: 'frame' } => change.kind === 'frame';

/** Whether an outcome is one that somebody should look at. */
export const isBad = ({ kind }: TrapView['outcome']) => kind === 'signal' || kind === 'panic' || kind === 'errno';

/** `write(1, 0x7fff2000, 64)` */
export const callWords = ({ name, args }: NonNullable<TrapView['call']>) => `${name}(${args.join(', ')})`;
