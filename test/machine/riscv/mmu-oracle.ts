// What Sv39, Sv48 and Sv57 say of an access, written from the prose and tables of the privileged manual over strings of
// binary digits, most significant first. It shares nothing with the machine, so that one mistake is not made twice.

export interface Question {
  /** 39, 48 or 57 bits of virtual address. */
  readonly width: number;
  /** Physical address of the root table. */
  readonly root: bigint;
  readonly address: bigint;
  readonly doing: 'execute' | 'read' | 'write';
  readonly mode: 'U' | 'S';
  readonly sum: boolean;
  readonly mxr: boolean;
  /** Hardware sets A and D (Svadu), or their absence faults (Svade). */
  readonly svadu: boolean;
  /** Eight bytes of memory; undefined: there is none, or S-mode may not read it. */
  readonly memory: (at: bigint) => bigint | undefined;
  /** Whether S-mode may write a page-table entry. */
  readonly writable: (at: bigint) => boolean;
}

export type Answer =
  | 'page fault'
  | 'access fault'
  | {
      readonly physical: bigint;
      /** The leaf as it must be afterwards, and where. */
      readonly leaf: bigint;
      readonly at: bigint;
      readonly global: boolean;
      /** Bytes that the leaf maps. */
      readonly bytes: bigint;
    };

const digits = (value: bigint, count: number) => value.toString(2).padStart(count, '0');
const number = (text: string) => BigInt(`0b${text}`);

/** Table "Encoding of PTE R/W/X fields", by the digits X, W, R. */
const MEANING: Record<string, string> = {
  '000': 'pointer',
  '001': 'r',
  '010': 'reserved',
  '011': 'rw',
  '100': 'x',
  '101': 'rx',
  '110': 'reserved',
  '111': 'rwx',
};

/** Figure "Sv39 page table entry" (Sv48's and Sv57's have the same fields). */
function fields(entry: bigint) {
  const text = digits(entry, 64);
  const [D, A, G, U, X, W, R, V] = text.slice(56);
  const [n, pbmt, reserved, ppn] = [text.slice(0, 1), text.slice(1, 3), text.slice(3, 10), text.slice(10, 54)];
  return { n, pbmt, reserved, ppn, D, A, G, U, V, meaning: MEANING[X + W + R] };
}

export function oracle(question: Question): Answer {
  const { width, address, root } = question;
  // "must have bits 63-39 all equal to bit 38, or else a page-fault exception will occur"
  const upper = digits(address, 64).slice(0, 64 - width + 1);
  if (upper.includes('0') && upper.includes('1')) return 'page fault';
  return descend(question, root, (width - 12) / 9 - 1, false);
}

function descend(question: Question, table: bigint, level: number, globalAbove: boolean): Answer {
  const address = digits(question.address, 64);
  const pageBits = 12 + 9 * level;
  const at = table + 8n * number(address.slice(64 - pageBits - 9, 64 - pageBits));
  const entry = question.memory(at);
  if (entry === undefined) return 'access fault';
  const f = fields(entry);
  const global = globalAbove || f.G === '1';
  const malformed = f.V === '0' || f.meaning === 'reserved' || f.pbmt !== '00' || f.reserved !== '0000000';
  if (malformed) return 'page fault';
  if (f.meaning === 'pointer') {
    // "For non-leaf PTEs, the D, A, and U bits are reserved for future standard use"; so is N.
    if (f.D + f.A + f.U + f.n !== '0000' || level === 0) return 'page fault';
    return descend(question, number(f.ppn) * 4096n, level - 1, global);
  }
  let mapped = pageBits;
  if (f.n === '1') {
    // Svnapot: only "xxxx xxxx 1000" at level 0 is not reserved, a 64 KiB region.
    if (level !== 0 || !f.ppn.endsWith('1000')) return 'page fault';
    mapped = 16;
  } else if (f.ppn.slice(44 - 9 * level).includes('1')) {
    return 'page fault';
  }
  if (!permitted(question, f.U === '1', f.meaning)) return 'page fault';
  const needs = question.doing === 'write' ? ['A', 'D'] : ['A'];
  let leaf = entry;
  if (needs.some((bit) => f[bit as 'A' | 'D'] === '0')) {
    if (!question.svadu) return 'page fault';
    if (!question.writable(at)) return 'access fault';
    const now = digits(entry, 64);
    leaf = number(`${now.slice(0, 56)}${question.doing === 'write' ? '1' : f.D}1${now.slice(58)}`);
  }
  const physical = number(f.ppn.slice(0, 56 - mapped) + address.slice(64 - mapped));
  return { physical, leaf, at, global, bytes: 1n << BigInt(mapped) };
}

function permitted({ mode, doing, sum, mxr }: Question, userPage: boolean, rights: string): boolean {
  // U-mode only on its own pages; S-mode on those only under SUM, and "irrespective of SUM, the supervisor may not
  // execute code on pages with U=1".
  const whose = userPage ? mode === 'U' || (sum && doing !== 'execute') : mode === 'S';
  const letters = { execute: 'x', write: 'w', read: mxr ? 'rx' : 'r' }[doing];
  return whose && [...letters].some((letter) => rights.includes(letter));
}
