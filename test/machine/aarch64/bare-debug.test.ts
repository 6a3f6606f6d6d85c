// Breakpoints and watchpoints here and under qemu-system-aarch64.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** DBGBCR: E, PMC for EL1, EL0 or both, BAS. DBGWCR: E, PAC, LSC, BAS. */
const BAS = 0xf << 5;
const AT_EL1 = 1 << 1;
const AT_EL0 = 2 << 1;

const setUp = (mdscr: string) => `
  ldr x9, =${mdscr}
  msr mdscr_el1, x9
  isb`;
const OFF = `
  msr mdscr_el1, xzr
  .irp n, 0, 1
  msr dbgbcr\\n\\()_el1, xzr
  msr dbgwcr\\n\\()_el1, xzr
  .endr
  msr contextidr_el1, xzr
  mov x9, #1
  emit x9`;
const MDE = '1 << 15';
const MDE_KDE = '1 << 15 | 1 << 13';

const breakAt = (name: string, control: number, mdscr: string, spsr: string, extra = ''): BareCase => ({
  name: `${name}, DBGBCR ${control.toString(16)}, SPSR ${spsr}`,
  code: `
  adr x9, 2f
  msr dbgbvr0_el1, x9
  ldr x9, =${control}
  msr dbgbcr0_el1, x9${extra}${setUp(mdscr)}
  enter ${spsr}
  mov x10, #1
2: mov x10, #2
  mov x10, #3
  leave${OFF}`,
});

compareWithQemu('breakpoints (Arm ARM D2.8)', [
  ...[MDE, MDE_KDE, '0'].flatMap((mdscr) =>
    ['0x3c0', '0x1c5', '0x3c5'].flatMap((spsr) =>
      [AT_EL0, AT_EL1, AT_EL0 | AT_EL1, 0].flatMap((pmc) =>
        [0, 1].map((E) => breakAt(`MDSCR ${mdscr}`, E | pmc | BAS, mdscr, spsr)),
      ),
    ),
  ),
]);

const LSC = { load: 1 << 3, store: 2 << 3, both: 3 << 3 } as const;
const ACCESSES = [
  'ldr x10, [x11]',
  'str x10, [x11]',
  'ldr w10, [x11, #4]',
  'strb w10, [x11, #3]',
  'ldrb w10, [x11, #8]',
  'ldr x10, [x11, #-8]',
  'ldp x10, x12, [x11, #-8]',
  'ldr x10, [x11, #64]',
];
/** Watches bytes of the doubleword at x11 by BAS, or a block by MASK. */
const watch = (name: string, bits: number, mdscr: string, spsr: string, text: string, differs?: string): BareCase => ({
  name: `${text}, ${name}, MDSCR ${mdscr}, SPSR ${spsr}`,
  code: `
  ldr x11, =data + 1024
  msr dbgwvr0_el1, x11
  ldr x9, =${bits}
  msr dbgwcr0_el1, x9${setUp(mdscr)}
  enter ${spsr}
  ${text}
  leave${OFF}`,
  differs,
});
const WATCHES: readonly (readonly [string, number])[] = [
  ['loads of 8 bytes', LSC.load | (0xff << 5)],
  ['stores of 8 bytes', LSC.store | (0xff << 5)],
  ['both, byte 3', LSC.both | (0x08 << 5)],
  ['both, the upper half', LSC.both | (0xf0 << 5)],
  ['both, a block of 128 bytes', LSC.both | (0xff << 5) | (7 << 24)],
];
compareWithQemu('watchpoints (D2.10)', [
  ...WATCHES.flatMap(([name, bits]) =>
    ACCESSES.flatMap((text) => [
      watch(`${name}, at EL0`, bits | AT_EL0 | 1, MDE, '0x3c0', text),
      watch(`${name}, at EL1`, bits | AT_EL1 | 1, MDE_KDE, '0x1c5', text),
    ]),
  ),
  ...['0x3c0', '0x1c5', '0x3c5'].flatMap((spsr) =>
    [MDE, MDE_KDE, '0'].flatMap((mdscr) =>
      [AT_EL0, AT_EL1].map((pac) =>
        watch(`PAC ${pac >> 1}`, LSC.both | (0xff << 5) | pac | 1, mdscr, spsr, 'ldr x10, [x11]'),
      ),
    ),
  ),
  watch('not enabled', LSC.both | (0xff << 5) | AT_EL0, MDE, '0x3c0', 'ldr x10, [x11]'),
]);
