const numbered = (name: string, first: number, count: number, at: number): [string, number][] =>
  Array.from({ length: count }, (_, i) => [`${name}${first + i}`, at + i]);

/** Addresses of the CSRs of this machine (Priv. spec, "CSR Listing"), by name. */
export const CSR_NUMBERS: ReadonlyMap<string, number> = new Map<string, number>([
  ['fflags', 0x001],
  ['frm', 0x002],
  ['fcsr', 0x003],
  ['cycle', 0xc00],
  ['time', 0xc01],
  ['instret', 0xc02],
  ...numbered('hpmcounter', 3, 29, 0xc03),

  ['sstatus', 0x100],
  ['sie', 0x104],
  ['stvec', 0x105],
  ['scounteren', 0x106],
  ['senvcfg', 0x10a],
  ['sscratch', 0x140],
  ['sepc', 0x141],
  ['scause', 0x142],
  ['stval', 0x143],
  ['sip', 0x144],
  ['stimecmp', 0x14d],
  ['satp', 0x180],

  ['mvendorid', 0xf11],
  ['marchid', 0xf12],
  ['mimpid', 0xf13],
  ['mhartid', 0xf14],
  ['mconfigptr', 0xf15],
  ['mstatus', 0x300],
  ['misa', 0x301],
  ['medeleg', 0x302],
  ['mideleg', 0x303],
  ['mie', 0x304],
  ['mtvec', 0x305],
  ['mcounteren', 0x306],
  ['menvcfg', 0x30a],
  ['mcountinhibit', 0x320],
  ...numbered('mhpmevent', 3, 29, 0x323),
  ['mscratch', 0x340],
  ['mepc', 0x341],
  ['mcause', 0x342],
  ['mtval', 0x343],
  ['mip', 0x344],
  ['pmpcfg0', 0x3a0],
  ['pmpcfg2', 0x3a2],
  ...numbered('pmpaddr', 0, 16, 0x3b0),
  ['tselect', 0x7a0],
  ...numbered('tdata', 1, 3, 0x7a1),
  ['mcycle', 0xb00],
  ['minstret', 0xb02],
  ...numbered('mhpmcounter', 3, 29, 0xb03),
]);

/** Names of this machine's CSRs by address; other addresses have none. */
export const CSR_NAMES: ReadonlyMap<number, string> = new Map([...CSR_NUMBERS].map(([name, number]) => [number, name]));
