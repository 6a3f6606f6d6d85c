// The platform here and under qemu-system-aarch64: the UART's registers, what lies between devices, and how images end.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { loadBare } from '../../../machine/image/bare.ts';
import { parseElf } from '../../../machine/image/elf.ts';
import { Machine } from '../../../machine/machine.ts';
import { describeWith } from '../../toolchain.ts';
import { type BareCase, compareWithQemu } from './bare-image.ts';

const UART = '0x09000000';
const DISTRIBUTOR = '0x08000000';
const CPU_INTERFACE = '0x08010000';

/** Accesses one after the other: `r 0x18` reads and reports a word, `w 0x24 0x1234` writes one, `rb` and `wb` a byte. */
function script(base: string, steps: string): string {
  const lines = steps.split(', ').map((step) => {
    const [op, offset, value] = step.split(' ');
    const size = op.endsWith('b') ? 'b' : '';
    return op.startsWith('r')
      ? `ldr x10, =${base} + ${offset}\n  ldr${size} w9, [x10]\n  emit x9`
      : `ldr x10, =${base} + ${offset}\n  ldr w9, =${value}\n  str${size} w9, [x10]`;
  });
  return `  ${lines.join('\n  ')}`;
}

/** From the CPU interface: software-generated interrupt 4 sent to this hart and acknowledged; which are active. */
const ACTIVE_BY_SGI = 'w -0x10000 1, w -0xf100 0x2000004, r 0x0c, r 0x14';
const TELL_ACTIVE = 'r -0xfd00';

const cases = (name: string, base: string, rows: readonly (readonly [string, string])[]): BareCase[] =>
  rows.map(([what, steps]) => ({ name: `${name}: ${what}`, code: script(base, steps) }));

compareWithQemu('the UART (PL011 TRM 3.2)', [
  ...cases('PL011', UART, [
    ['FR: transmitter empty, nothing received', 'r 0x18'],
    ['identification', 'r 0xfe0, r 0xfe4, r 0xfe8, r 0xfec, r 0xff0, r 0xff4, r 0xff8, r 0xffc'],
    ['IBRD and FBRD', 'w 0x24 0x1234, w 0x28 0x15, r 0x24, r 0x28, w 0x24 0, w 0x28 0'],
    ['IMSC', 'w 0x38 0x7ff, r 0x38, w 0x38 0, r 0x38'],
    ['MIS without IMSC', 'w 0x44 0x7ff, r 0x40'],
    ['the transmit interrupt is cleared by ICR', 'w 0x44 0x7ff, r 0x3c'],
    ['DR while there is nothing', 'r 0x00'],
    ['RSR', 'r 0x04, w 0x04 0, r 0x04'],
    ['CR', 'w 0x30 0x300, r 0x30'],
    ['IFLS', 'w 0x34 0x12, r 0x34'],
    ['DMACR', 'r 0x48'],
  ]),
]);

compareWithQemu('the interrupt controller’s registers (GICv2 4.3, 4.4)', [
  ...cases('distributor', DISTRIBUTOR, [
    ['GICD_CTLR', 'r 0, w 0 1, r 0, w 0 0, r 0'],
    ['software-generated interrupts are always enabled', 'r 0x100, w 0x180 0xffff, r 0x100'],
    ['private ones are enabled and disabled', 'w 0x100 0xf8000000, r 0x100, r 0x180, w 0x180 0xffff0000, r 0x180'],
    ['GICD_ITARGETSR0 to 7', 'r 0x800, r 0x81c'],
    ['GICD_IPRIORITYR', 'w 0x400 0x10203040, r 0x400, w 0x400 0, r 0x400, w 0x418 0x80000000, r 0x418, w 0x418 0'],
    ['GICD_IPRIORITYR by the byte', 'wb 0x41b 0xa0, rb 0x41b, r 0x418, wb 0x41b 0'],
    ['GICD_ITARGETSR by the byte', 'wb 0x81b 1, rb 0x81b'],
    [
      'GICD_SPENDSGIR and GICD_CPENDSGIR by the byte',
      'wb 0xf26 1, rb 0xf26, r 0xf14, r 0x200, wb 0xf16 1, rb 0xf26, r 0x200',
    ],
    ['GICD_ICFGR0', 'r 0xc00'],
    ['ICPIDR2', 'r 0xfe8'],
  ]),
  ...cases('CPU interface', CPU_INTERFACE, [
    ['GICC_CTLR', 'r 0, w 0 1, r 0, w 0 0, r 0'],
    [
      'EOImode 1: GICC_EOIR drops the priority, GICC_DIR deactivates',
      `w 4 0xff, w 0 0x201, r 0, ${ACTIVE_BY_SGI}, w 0x10 4, r 0x14, ${TELL_ACTIVE}, w 0x1000 4, ${TELL_ACTIVE}, w 0 0`,
    ],
    [
      'EOImode 0: GICC_EOIR does both',
      `w 4 0xff, w 0 1, ${ACTIVE_BY_SGI}, r 0x14, w 0x10 4, r 0x14, ${TELL_ACTIVE}, w 0 0`,
    ],
    ['GICC_PMR', 'w 4 0xff, r 4, w 4 0x50, r 4'],
    ['nothing to acknowledge', 'r 0x0c, r 0x18, r 0x14'],
    ['GICC_IIDR', 'r 0xfc'],
  ]),
]);

const read = (what: string, address: string): BareCase => ({
  name: `a load from ${what}`,
  code: `  ldr x10, =${address}\n  ldr w9, [x10]\n  mov x9, #1\n  emit x9`,
});
compareWithQemu('where nothing answers (D8.17)', [
  read('between the devices', '0x0b000000'),
  read('above RAM', '0x7000000000'),
  read('more bits of address than there are', '0x10000000000000'),
  {
    name: 'a fetch from where nothing is',
    code: '  adr x23, 1f\n  ldr x9, =0x7000000000\n  br x9\n1: mov x9, #1\n  emit x9',
  },
]);

/** An image of its own: what it prints, and how it ends, here and there. */
interface Ending {
  readonly name: string;
  readonly code: string;
  readonly harts?: number;
  readonly status: number;
  readonly printed?: string;
}
const PRINT = `
  .macro print character
    mov w27, #\\character
    mov x26, #0x09000000
    str w27, [x26]
  .endm
`;
const EXIT = (status: number) => `
  mov w0, #0x18
  adr x1, 9f
  hlt #0xf000
  b .
  .balign 8
9: .quad 0x20026, ${status}`;
const ENDINGS: readonly Ending[] = [
  { name: 'SYS_EXIT with 0', code: `print 'a'${EXIT(0)}`, status: 0, printed: 'a' },
  { name: 'SYS_EXIT with 5', code: EXIT(5), status: 5 },
  { name: 'SYS_EXIT_EXTENDED with 77', code: EXIT(77).replace('#0x18', '#0x20'), status: 77 },
  { name: 'PSCI SYSTEM_OFF', code: `print 'z'\n  ldr w0, =0x84000008\n  hvc #0\n  b .`, status: 0, printed: 'z' },
  {
    name: 'a second hart switched on by CPU_ON, waited for with WFE and SEV',
    harts: 2,
    code: `
  print '0'
  ldr x0, =0xc4000003
  mov x1, #1
  adr x2, second
  mov x3, #'k'
  hvc #0
  cbnz x0, fail
  adr x9, flag
1: wfe
  ldr w10, [x9]
  cbz w10, 1b
  print '2'
  # It is off again, in the end.
2: ldr x0, =0xc4000004
  mov x1, #1
  mov x2, #0
  hvc #0
  cmp x0, #1
  b.ne 2b
  print '3'
  b pass
second:
  mov w27, w0
  mov x26, #0x09000000
  str w27, [x26]
  mrs x9, mpidr_el1
  and x9, x9, #0xff
  cmp x9, #1
  b.ne fail
  mrs x9, currentel
  cmp x9, #4
  b.ne fail
  adr x9, flag
  mov w10, #1
  str w10, [x9]
  dsb sy
  sev
  ldr w0, =0x84000002
  hvc #0
fail:${EXIT(9)}
pass:${EXIT(0)}
  .balign 8
flag: .quad 0`,
    status: 0,
    printed: '0k23',
  },
  {
    name: 'a software-generated interrupt from one hart to the other',
    harts: 2,
    code: `
  ldr x0, =0xc4000003
  mov x1, #1
  adr x2, second
  hvc #0
  mov x9, #0x08000000
  mov w10, #1
  str w10, [x9]
  adr x11, ready
1: ldr w10, [x11]
  cbz w10, 1b
  ldr w10, =0x00020003
  str w10, [x9, #0xf00]
2: wfi
  b 2b
second:
  mov x9, #0x08010000
  mov w10, #0xff
  str w10, [x9, #4]
  mov w10, #1
  str w10, [x9]
  adr x11, ready
  str w10, [x11]
1: wfi
  mrs x10, isr_el1
  cbz x10, 1b
  ldr w10, [x9, #0xc]
  cmp w10, #3
  b.ne fail
  print 'i'${EXIT(0)}
fail:${EXIT(9)}
  .balign 8
ready: .quad 0`,
    status: 0,
    printed: 'i',
  },
];

describeWith(['aarch64-linux-gnu-gcc', 'qemu-system-aarch64'], 'how images end', () => {
  for (const { name, code, harts = 1, status, printed = '' } of ENDINGS) {
    it(name, () => {
      const directory = mkdtempSync(join(tmpdir(), 'faultline-bare-'));
      try {
        const [source, elf] = ['image.S', 'image.elf'].map((file) => join(directory, file));
        writeFileSync(source, `${PRINT}\n  .text\n  .globl _start\n_start:\n${code}\n`);
        const flags = ['-nostdlib', '-static', '-Wl,-Ttext=0x40000000,--build-id=none,-N,--no-warn-rwx-segments'];
        const limits = { timeout: 20_000, killSignal: 'SIGKILL', encoding: 'latin1' } as const;
        execFileSync('aarch64-linux-gnu-gcc', [...flags, '-o', elf, source], limits);
        let text = '';
        const output = (byte: number) => {
          text += String.fromCharCode(byte);
        };
        const machine = new Machine({
          isa: AARCH64,
          memory: 1 << 20,
          harts,
          hardwareAd: false,
          console: { output, input: () => -1 },
        });
        loadBare(machine, parseElf(readFileSync(elf), 1));
        const finish = status === 0 ? { kind: 'pass' } : { kind: 'fail', code: BigInt(status) };
        expect(machine.run(100_000)).toEqual({ kind: 'finished', finish });
        expect(text).toBe(printed);
        const board = ['-machine', 'virt,gic-version=2', '-cpu', 'cortex-a76', '-smp', String(harts), '-net', 'none'];
        const host = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-semihosting', '-kernel', elf];
        const there = spawnSync('qemu-system-aarch64', [...board, ...host], limits);
        expect([there.status, there.stdout]).toEqual([status, printed]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});
