import type { Access, Hart, TlbNotice, Walk } from '../../machine/index.ts';
import type { Paint } from './paint.ts';
import { hex, PRIVILEGE_WORDS } from './view.ts';

/** A notice of `--strict-tlb`, as views show it: a translation that was misused, by which access, and what the tables say. */
export interface NoticeView {
  readonly kind: TlbNotice['kind'];
  readonly difference: TlbNotice['difference'];
  readonly hart: number;
  /** Instructions that the hart had retired. */
  readonly instruction: number;
  readonly pc: bigint;
  readonly access: Access & { readonly address: bigint };
  /** It showed when the entry was invalidated, not by an access. */
  readonly invalidation?: true | undefined;
  /** What the TLB holds: first page, how many, frame, address space, and the leaf entry that it was made from. */
  readonly held: {
    readonly vpn: bigint;
    readonly pages: bigint;
    readonly ppn: bigint;
    readonly asid: number;
    readonly global: boolean;
    readonly entryAddress: bigint;
    readonly bits: bigint;
  };
  readonly now: Walk;
}

/** What is kept of a notice. */
export function noticeView(hart: Hart, notice: TlbNotice): NoticeView {
  const { kind, difference, address, access, pc, invalidation, held, now } = notice;
  const { vpn, pages, ppn, asid, global, entryAddress, bits } = held;
  return {
    kind,
    difference,
    hart: hart.id,
    instruction: hart.retired,
    pc,
    access: { ...access, address },
    invalidation,
    held: { vpn, pages, ppn, asid, global, entryAddress, bits },
    now,
  };
}

const heldWords = ({ held }: NoticeView): string => {
  const whose = held.global ? 'global' : `ASID ${held.asid}`;
  const pages = held.pages === 1n ? '' : `, ${held.pages} pages`;
  return `${hex(held.vpn << 12n)} → ${hex(held.ppn << 12n)}${pages}, ${whose}`;
};

const nowWords = ({ now, difference }: NoticeView): string => {
  const { result } = now;
  if ('fault' in result) return result.fault;
  return difference === 'output address' ? hex(result.ppn << 12n) : `${difference} changed`;
};

/** In one phrase. */
export function noticeWords(notice: NoticeView): string {
  const { access, kind, invalidation } = notice;
  const by = invalidation ? 'invalidation of' : `${access.kind} ${access.size} @${hex(access.address)} by`;
  return `${kind}: ${by} ${heldWords(notice)}; the tables say ${nowWords(notice)}`;
}

/** A line of its own between those of traps. */
export function lineNotice(notice: NoticeView, paint: Paint): string {
  const { instruction, hart, access, pc } = notice;
  const head = `${String(instruction).padStart(8)} -- h${hart} ${PRIVILEGE_WORDS[access.privilege].padEnd(6)} `;
  return `${head}${hex(pc).padEnd(18)} ${paint.bad(noticeWords(notice))}`;
}

/** The whole of it, in the manner of a trap's story; the last line is empty. */
export function fullNotice(notice: NoticeView, paint: Paint): string[] {
  const { kind, difference, hart, instruction, pc, access, invalidation, held, now } = notice;
  const last = now.steps.at(-1);
  return [
    paint.bold(`notice · hart ${hart} · instruction ${instruction}`),
    `  what    ${paint.bad(`${kind}: ${difference}`)}`,
    `  at      ${hex(pc)}  ${PRIVILEGE_WORDS[access.privilege]}`,
    invalidation
      ? '  access  none: the entry was invalidated, after the change'
      : `  access  ${access.kind}, ${access.size} ${access.size === 1 ? 'byte' : 'bytes'} at ${hex(access.address)}`,
    `  held    ${heldWords(notice)}, from entry ${hex(held.entryAddress)} = ${hex(held.bits)}`,
    `  tables  ${now.mode}, root ${hex(now.root)}: ${nowWords(notice)}`,
    ...(last
      ? [
          `          level ${last.level}  entry ${hex(last.index)} at ${hex(last.entryAddress)} = ${last.entry === undefined ? 'unreadable' : hex(last.entry)}  ${last.decision}`,
        ]
      : []),
    '',
  ];
}
