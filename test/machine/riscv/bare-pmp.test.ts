// Physical memory protection here and under qemu-system-riscv64. Entry 15 allows everything; entries before it refuse.
import { type BareCase, compareWithQemu } from './bare-image.ts';

const MODES = [0, 1, 3];
/** Permissions by name; W without R is reserved. */
const PERMISSIONS = { '---': 0, 'r--': 1, 'rw-': 3, '--x': 4, 'r-x': 5, rwx: 7 };
const TOR = 1 << 3;
const NA4 = 2 << 3;
const NAPOT = 3 << 3;
const LOCK = 1 << 7;

const load = (offset: number, instruction = 'lw') => `
  li t1, 0x55
  ${instruction} t1, ${offset}(a0)
  emit t1`;
const store = (offset: number, instruction = 'sw') => `
  ${instruction} zero, ${offset}(a0)`;
/** Calls what lies there: a `ret`. */
const fetch = (offset: number) => `
  jalr ra, ${offset}(a0)`;

/** Sets up entries, enters the mode and tries accesses at a0, the middle of a page that holds `ret`. */
function attempt(name: string, mode: number, setup: string, accesses: string, differs?: string): BareCase {
  return {
    name: `${name}, mode ${mode}`,
    differs,
    code: `
  la a0, data + 2048
  li t1, 0x0000806700008067
  .irp at, -16, -8, 0, 8, 56, 64, 72
    sd t1, \\at(a0)
  .endr
  fence.i
  ${setup}
  sfence.vma
  enter ${mode}
  ${accesses}
  leave
  .irp at, -8, 0, 8, 56, 64
    ld t1, \\at(a0)
    emit t1
  .endr`,
  };
}

const entry = (i: number, offset: number, low = 0) => `
  addi t0, a0, ${offset}
  srli t0, t0, 2
  ori t0, t0, ${low}
  csrw pmpaddr${i}, t0`;
const configure = (...configs: readonly number[]) => `
  li t0, ${configs.reduce((all, config, i) => all | (BigInt(config) << BigInt(8 * i)), 0n)}
  csrw pmpcfg0, t0`;

const EDGES = [
  ...[-4, 0, 60, 64].flatMap((at) => [load(at), store(at), fetch(at)]),
  // Across an edge of the region: matched in part.
  ...[-4, 60].flatMap((at) => [load(at, 'ld'), store(at, 'sd')]),
  load(62, 'lw'),
  load(63, 'lb'),
  load(64, 'lb'),
].join('');

const permissions: BareCase[] = MODES.flatMap((mode) =>
  Object.entries(PERMISSIONS).flatMap(([name, bits]) => [
    attempt(`NAPOT of 64 bytes ${name}`, mode, entry(0, 0, 7) + configure(NAPOT | bits), EDGES),
    attempt(`TOR of 64 bytes ${name}`, mode, entry(0, 0) + entry(1, 64) + configure(0, TOR | bits), EDGES),
  ]),
);

const NEAR =
  [-4, 0, 4].flatMap((at) => [load(at), store(at)]).join('') + load(0, 'ld') + load(-2, 'lw') + load(3, 'lb');
const matching: BareCase[] = MODES.flatMap((mode) => [
  attempt('NA4', mode, entry(0, 0) + configure(NA4), NEAR),
  attempt('NAPOT of 8 bytes', mode, entry(0, 0, 0) + configure(NAPOT), NEAR),
  attempt('NAPOT of 2 KiB', mode, entry(0, 0, 255) + configure(NAPOT), NEAR),
  attempt('NAPOT of 4 KiB', mode, entry(0, -2048, 511) + configure(NAPOT), EDGES),
  attempt('NAPOT of everything', mode, `li t0, -1\n  csrw pmpaddr0, t0${configure(NAPOT | 7)}`, NEAR),
  attempt('OFF', mode, entry(0, 0, 7) + configure(0), NEAR),
  attempt('TOR from zero', mode, entry(0, 0) + configure(TOR | 7), NEAR),
  attempt('TOR of nothing', mode, entry(0, 0) + entry(1, 0) + configure(0, TOR), NEAR),
  attempt('TOR the wrong way round', mode, entry(0, 64) + entry(1, 0) + configure(0, TOR), NEAR),
  attempt('TOR above an entry that is on', mode, entry(0, 0) + entry(1, 64) + configure(NA4 | 7, TOR), NEAR),
  attempt('the lowest entry decides: allows', mode, entry(0, 0) + entry(1, 0, 7) + configure(NA4 | 3, NAPOT), NEAR),
  attempt('the lowest entry decides: refuses', mode, entry(0, 0) + entry(1, 0, 7) + configure(NA4, NAPOT | 7), NEAR),
  attempt('a part of the lowest match', mode, entry(0, 4) + entry(1, 0, 7) + configure(NA4 | 7, NAPOT | 7), NEAR),
]);

/** Where no entry matches, lower modes may do nothing: not even the first fetch. */
const nothing: BareCase[] = MODES.flatMap((mode) =>
  [configure(NA4 | 7), ''].map((elsewhere) => ({
    name: `${elsewhere ? 'no entry matches' : 'no entry is on'}, mode ${mode}`,
    differs: elsewhere || mode === 3 ? undefined : '3.3.2: MRET is legal in M-mode, whatever PMP says of its target',
    code: `
  ${elsewhere}
  csrw pmpaddr0, zero
  csrw pmpcfg2, zero
  la ra, 6f
  li a7, 0x77
  enter ${mode}
  li t1, 1
  emit t1
6:
  li a7, 0`,
  })),
);

const modified: BareCase[] = [0, 1, 3].map((mpp) => ({
  name: `MPRV with MPP ${mpp}`,
  code: `
  la a0, data + 2048
  ${entry(0, 0, 7)}
  ${configure(NAPOT)}
  sfence.vma
  la t0, 6f
  csrw mtvec, t0
  li t0, 3 << 11
  csrc mstatus, t0
  li t0, ${mpp} << 11 | 1 << 17
  csrs mstatus, t0
  lw t1, 0(a0)
  nop
  .balign 4
6:
  li t0, 1 << 17
  csrc mstatus, t0
  emit_csr mcause
  emit_csr mtval`,
}));

/** Locked entries bind M-mode too and stay until reset: these cases build on each other, from entry 7 down. */
const locked: BareCase[] = [
  attempt(
    'locked, refuses M-mode',
    3,
    `${entry(7, 0, 7)}\n  li t0, ${BigInt.asIntN(64, BigInt(LOCK | NAPOT | 1) << 56n)}\n  csrw pmpcfg0, t0`,
    EDGES,
  ),
  {
    name: 'locked: neither configuration nor address can be written',
    code: `
  csrw pmpcfg0, zero
  emit_csr pmpcfg0
  csrr s0, pmpaddr7
  csrw pmpaddr7, zero
  csrr t1, pmpaddr7
  sub t1, t1, s0
  emit t1`,
  },
  {
    name: 'locked TOR: the address below is locked as well, the one below that is not',
    code: `
  li t0, 0x1000
  csrw pmpaddr5, t0
  csrw pmpaddr4, t0
  csrw pmpaddr3, t0
  li t0, ${BigInt(LOCK | TOR) << 40n}
  csrw pmpcfg0, t0
  emit_csr pmpcfg0
  csrw pmpaddr5, zero
  csrw pmpaddr4, zero
  csrw pmpaddr3, zero
  emit_csr pmpaddr5
  emit_csr pmpaddr4
  emit_csr pmpaddr3`,
  },
  {
    name: 'locked OFF: locked all the same, and not the address below',
    code: `
  li t0, 0x2000
  csrw pmpaddr2, t0
  csrw pmpaddr1, t0
  li t0, ${BigInt(LOCK) << 16n}
  csrw pmpcfg0, t0
  emit_csr pmpcfg0
  csrw pmpaddr2, zero
  csrw pmpaddr1, zero
  emit_csr pmpaddr2
  emit_csr pmpaddr1`,
  },
];

const reserved: BareCase[] = [
  {
    name: 'W without R',
    code: configure(NAPOT | 2, NAPOT | 6).concat('\n  csrr t1, pmpcfg0\n  emit t1'),
    differs: '3.7.1: R=0 W=1 is reserved, and the field is WARL',
  },
  {
    name: 'bits 5 and 6',
    code: configure(0x60).concat('\n  csrr t1, pmpcfg0\n  emit t1'),
    differs: '3.7.1: bits 5 and 6 of a configuration are zero',
  },
];

compareWithQemu('PMP: permissions', permissions);
compareWithQemu('PMP: matching and priority', [...matching, ...nothing, ...modified]);
compareWithQemu('PMP: WARL and locks', [...reserved, ...locked]);
