/** What the oracle is asked: an access, the tables as a function, and everything it is judged under. */
export interface Question {
  readonly memory: (at: bigint) => bigint;
  readonly root: bigint;
  readonly levels: 4 | 5;
  readonly address: bigint;
  readonly doing: 'fetch' | 'load' | 'store';
  /** CPL 3 and not an implicit access. */
  readonly user: boolean;
  readonly implicit: boolean;
  readonly wp: boolean;
  readonly smep: boolean;
  readonly smap: boolean;
  readonly pke: boolean;
  readonly pks: boolean;
  readonly pge: boolean;
  readonly nxe: boolean;
  readonly ac: boolean;
  readonly pkru: number;
  readonly pkrs: number;
}

/** A page fault by its error code, #GP or #SS for an address that is none, or where the access leads and by which leaf. */
export type Answer =
  | 'not canonical'
  | { readonly error: number }
  | {
      readonly physical: bigint;
      readonly bytes: bigint;
      readonly global: boolean;
      /** The entries on the way, root first, as the walk leaves them. */
      readonly after: readonly { readonly at: bigint; readonly entry: bigint }[];
    };

const bit = (entry: bigint, n: number): boolean => ((entry >> BigInt(n)) & 1n) === 1n;
const field = (entry: bigint, high: number, low: number): bigint =>
  (entry >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

/** Physical addresses have 40 bits here. */
const WIDTH = 40;

/** SDM vol. 3A, 4.5 to 4.8, written from its tables and apart from the machine's. */
export function oracle(q: Question): Answer {
  const top = q.levels === 5 ? 57 : 48;
  const upper = q.address >> BigInt(top - 1);
  if (upper !== 0n && upper !== (1n << BigInt(65 - top)) - 1n) return 'not canonical';

  const write = q.doing === 'store';
  const fetch = q.doing === 'fetch';
  const base = (write ? 2 : 0) | (q.user ? 4 : 0) | (fetch && (q.nxe || q.smep) ? 16 : 0);
  const entries: { at: bigint; entry: bigint }[] = [];
  let table = q.root;
  let low = top - 9;
  for (;;) {
    const at = table + 8n * field(q.address, low + 8, low);
    const entry = q.memory(at);
    entries.push({ at, entry });
    if (!bit(entry, 0)) return { error: base };
    const page = low === 12 || (low < 39 && bit(entry, 7));
    const reserved =
      field(entry, 51, WIDTH) !== 0n ||
      (bit(entry, 63) && !q.nxe) ||
      (low >= 39 && bit(entry, 7)) ||
      (page && low === 21 && field(entry, 20, 13) !== 0n) ||
      (page && low === 30 && field(entry, 29, 13) !== 0n);
    if (reserved) return { error: base | 9 };
    if (page) break;
    table = field(entry, 51, 12) << 12n;
    low -= 9;
  }
  const all = (n: number) => entries.every(({ entry }) => bit(entry, n));
  const [userPage, writable, executable] = [all(2), all(1), entries.every(({ entry }) => !bit(entry, 63))];
  const leaf = entries[entries.length - 1].entry;
  const key = Number(field(leaf, 62, 59));

  // 4.6.2: a key restricts data alone, of user pages by PKRU and of supervisor pages by IA32_PKRS.
  const register = userPage ? (q.pke ? q.pkru : 0) : q.pks ? q.pkrs : 0;
  const rights = Math.floor((register >>> 0) / 4 ** key) % 4;
  const keyed = !fetch && (rights % 2 === 1 || (rights >= 2 && write && (q.user || q.wp)));

  // 4.6.1.
  let allowed: boolean;
  if (q.user) allowed = userPage && (fetch ? executable : !write || writable);
  else if (fetch) allowed = executable && !(userPage && q.smep);
  else {
    const open = !userPage || !q.smap || (q.ac && !q.implicit);
    allowed = open && (!write || writable || !q.wp);
  }
  if (!allowed || keyed) return { error: base | 1 | (keyed ? 32 : 0) };

  const after = entries.map(({ at, entry }, i) => {
    const dirty = write && i === entries.length - 1 ? 0x40n : 0n;
    return { at, entry: entry | 0x20n | dirty };
  });
  const frame = (field(leaf, WIDTH - 1, low) << BigInt(low)) | field(q.address, low - 1, 0);
  return { physical: frame, bytes: 1n << BigInt(low), global: bit(leaf, 8) && q.pge, after };
}
