// A bare image that tries accesses under descriptors and settings in turn, and prints what each comes to; under QEMU.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIR } from './mmu-harness.ts';
import { PLAIN } from './mmu-places.ts';

/** A descriptor's slot, the address that it helps to map, and all that it is to hold in turn. */
export interface TriedSlot {
  readonly name: string;
  readonly ttbr: bigint;
  readonly tcr: bigint;
  readonly slot: bigint;
  readonly address: bigint;
  readonly entries: readonly bigint[];
  /** How many settings each is tried under. */
  readonly settings: number;
}

/** Registers: x17 settings, x18 results, x19 place, x20 TTBR0, x21 TCR, x22 slot, x23 address, x24 left, x25 next, x26 entry. */
function imageOf(places: readonly TriedSlot[], writes: readonly (readonly [bigint, bigint])[]): string {
  const quads = (values: readonly bigint[]) =>
    values.map((value) => `  .quad 0x${BigInt.asUintN(64, value).toString(16)}`).join('\n');
  return `
  .arch armv8.2-a
  .section .text, "ax"
  .globl _start
_start:
  ldr x0, =writes
1: ldp x1, x2, [x0], #16
  cbz x1, 2f
  str x2, [x1]
  b 1b
2: ldr x0, =${MAIR}
  msr mair_el1, x0
  ldr x0, =own_level_0
  msr ttbr0_el1, x0
  msr ttbr1_el1, x0
  ldr x0, =0x580100010
  msr tcr_el1, x0
  tlbi vmalle1
  dsb sy
  isb
  ldr x0, =0x30d00801
  msr sctlr_el1, x0
  isb
  // Code runs where both levels may read and execute; data lies where EL1 alone may read and write.
  ldr x0, =main
  movk x0, #0xffff, lsl #48
  ldr x19, =places
  movk x19, #0x0080, lsl #32
  movk x19, #0xffff, lsl #48
  br x0
  .ltorg
main:
  adr x0, vectors
  msr vbar_el1, x0
  mov x18, #0x4000
  lsl x18, x18, #16
  movk x18, #0x0080, lsl #32
  movk x18, #0xffff, lsl #48
  movk x18, #0x4200, lsl #16
place:
  ldp x20, x21, [x19]
  cbz x20, print
  ldp x22, x23, [x19, #16]
  ldp x24, x25, [x19, #32]
  ldr x17, [x19, #48]
  movk x22, #0x0080, lsl #32
  movk x22, #0xffff, lsl #48
  movk x25, #0x0080, lsl #32
  movk x25, #0xffff, lsl #48
entry:
  ldr x26, [x25], #8
  mov x27, #0
setting:
  mov x28, #0
access:
  str x26, [x22]
  ubfx x0, x27, #3, #2
  orr x0, x21, x0, lsl #39
  msr tcr_el1, x0
  msr ttbr0_el1, x20
  mov w0, #0x0801
  movk w0, #0x30d0, lsl #16
  ubfx x1, x27, #2, #1
  orr x0, x0, x1, lsl #19
  msr sctlr_el1, x0
  dsb sy
  isb
  tlbi vmalle1
  dsb sy
  isb
  mov x0, x23
  mov x1, x23
  cbz x28, 1f
  add x0, x0, #8
  adr x1, sequences
  add x1, x1, x28, lsl #3
1: msr elr_el1, x1
  and x1, x27, #1
  add x1, x1, x1, lsl #2
  orr x1, x1, #0x3c0
  ubfx x2, x27, #1, #1
  orr x1, x1, x2, lsl #22
  msr spsr_el1, x1
  mov x2, #0
  eret
  .balign 8
sequences:
  nop
  svc #0
  ldr x2, [x0]
  svc #0
  str x2, [x0]
  svc #0
  ldadd x2, x3, [x0]
  svc #0
  ldtr x2, [x0]
  svc #0
  sttr x2, [x0]
  svc #0
trapped:
  mrs x1, esr_el1
  lsr x2, x1, #26
  mov x3, #0
  cmp x2, #0x15
  b.eq 1f
  and x3, x1, #0x1ff
  orr x3, x3, x2, lsl #9
  mrs x4, far_el1
  eor x4, x4, x0
  // The pc loses the tag that a branch or return gave it.
  cbnz x28, 2f
  lsl x4, x4, #8
2: cbz x4, 1f
  orr x3, x3, #0x8000
1: ldr x4, [x22]
  ubfx x5, x4, #10, #1
  orr x3, x3, x5, lsl #16
  ubfx x5, x4, #7, #1
  orr x3, x3, x5, lsl #17
  str w3, [x18], #4
  add x28, x28, #1
  cmp x28, #${PLAIN.length}
  b.ne access
  add x27, x27, #1
  cmp x27, x17
  b.ne setting
  subs x24, x24, #1
  b.ne entry
  add x19, x19, #56
  b place
print:
  mov x19, x18
  movk x19, #0, lsl #0
  movk x19, #0x4200, lsl #16
  mov x0, x19
  movk x0, #0x0900, lsl #16
1: cmp x19, x18
  b.eq 3f
  ldr w1, [x19], #4
  mov x2, #20
2: lsr w3, w1, w2
  and w3, w3, #15
  add w3, w3, #65
  strb w3, [x0]
  subs w2, w2, #4
  b.ge 2b
  b 1b
3: mov w0, #8
  movk w0, #0x8400, lsl #16
  hvc #0
4: b 4b
  .balign 2048
vectors:
  .skip 0x200
  b trapped
  .balign 512
  b trapped
  .balign 2048
  .data
  .balign 4096
own_level_0:
  .quad own_code + 3, own_data + 3
  .balign 4096
own_code:
  .quad 0, 0x40000000 | (3 << 6) | (1 << 10) | 1
  .balign 4096
own_data:
  .quad (3 << 53) | (1 << 10) | (1 << 2) | 1
  .quad 0x40000000 | (3 << 53) | (1 << 10) | 1
  .balign 4096
writes:
${quads(writes.flat())}
  .quad 0
places:
${places.map((p, i) => `${quads([p.ttbr, p.tcr, p.slot, p.address, BigInt(p.entries.length)])}\n  .quad entries_${i}, ${p.settings}`).join('\n')}
  .quad 0, 0
${places.map(({ entries }, i) => `entries_${i}:\n${quads(entries)}`).join('\n')}
`;
}

/** What each case comes to under QEMU, in the order slots, entries, settings, accesses. `writes`: the tables beforehand. */
export function tryThere(slots: readonly TriedSlot[], writes: readonly (readonly [bigint, bigint])[]): number[] {
  const directory = mkdtempSync(join(tmpdir(), 'faultline-mmu-'));
  try {
    const assembly = join(directory, 'image.S');
    const elf = join(directory, 'image.elf');
    writeFileSync(assembly, imageOf(slots, writes));
    const flags = ['-nostdlib', '-static', '-Wl,-Ttext=0x40080000,-Tdata=0x40100000,--build-id=none'];
    execFileSync('aarch64-linux-gnu-gcc', [...flags, '-o', elf, assembly], { timeout: 25_000, killSignal: 'SIGKILL' });
    const machine = ['-machine', 'virt', '-cpu', 'neoverse-n1', '-m', '128', '-nic', 'none'];
    const options = [...machine, '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-kernel', elf];
    const text = execFileSync('qemu-system-aarch64', options, {
      encoding: 'latin1',
      timeout: 25_000,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 26,
    });
    return (text.match(/.{6}/g) ?? []).map((six) =>
      [...six].reduce((sum, letter) => sum * 16 + letter.charCodeAt(0) - 65, 0),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
