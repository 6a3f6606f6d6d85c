import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fullView } from '../../tools/trace/full.ts';
import { traceEnd, traceHeader, traceLine } from '../../tools/trace/json.ts';
import { lineView } from '../../tools/trace/line.ts';
import { COLOURS, paintFor } from '../../tools/trace/paint.ts';
import { deathReport } from '../../tools/trace/report.ts';
import { COPY, DEATH, DEMAND, FAILED_CALL, FRAME, hard, PANIC, TIMER, WRITE } from './flows.ts';

describe('--trace', () => {
  it('is one line a trap, nested ones indented', () => {
    const lines = [DEMAND, WRITE, DEATH].flatMap((flow) => lineView(flow));
    expect(`\n${lines.join('\n')}\n`).toBe(`
   18402 p2 h0 user   10a3c fill+14      sd a0,0(a1)    store 8 @42000  not present → demand paging: frame 80533 in bss rw-
   18977 p2 h0 user   10b10 main+88      ecall          write(1, 0x7fff2000, 64)
   18977 p2 h0   kernel user-access      load 8 @7fff2000  not present → demand paging: frame 80534 in stack rw-
   18977 p2 h0 user   10b10              = 64
   19240 p2 h0 user   10b40 main+b8      sb zero,0(a5)  store 1 @11000  read-only → SIGSEGV (SEGV_ACCERR), exit 139
`);
  });

  it.each([
    [FAILED_CALL, /ecall {10}openat\(AT_FDCWD, 0x0, 0\) = -14 EFAULT$/],
    [
      {
        ...FAILED_CALL,
        call: { name: 'brk', args: ['NULL'] },
        outcome: { kind: 'returned', value: 0x7d000n } as const,
      },
      / brk\(NULL\) = 0x7d000$/,
    ],
    [COPY, /→ copy-on-write: copied to frame 80600 in bss rw-$/],
    [PANIC, / kernel user-access {6}load 8 @7fff2000 {2}not present → kernel panic: page fault in the kernel$/],
    [FRAME, / 1127d print\+9d {5}mov bl,BYTE PTR \[r13\+0x0\] {10}store 8 @42000 {2}not present → /],
    [TIMER, /10b44 a_very_long_function_name\+1c4 {4}addi a0,a0,1 {3}supervisor timer interrupt → rescheduled$/],
  ])('shows %# ', (flow, expected) => {
    const lines = lineView(flow);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });
});

describe('--trace=full', () => {
  it('tells a fault that was resolved', () => {
    expect(`\n${fullView(DEMAND).join('\n')}`).toBe(`
trap 12 · hart 0 · process 2 · instruction 18402
  at      10a3c  fill+14   sd a0,0(a1)                                 user
  access  store, 8 bytes at 42000
  raw     scause 15 (store/AMO page fault)  stval 42000  sepc 10a3c  sstatus SPP=user SUM=0 MXR=0
  walk    Sv39, root 80420000, ASID 2
          level 2  entry   0 at 80420000 = 20108401   table 80421000
          level 1  entry   0 at 80421000 = 20108801   table 80422000
          level 0  entry  42 at 80422210 = 0          not valid            ← page fault
  info    NotPresent · write · user · user-access flag off · walked again: absent
  tried   demand paging   area 41000–61000 rw- bss: absent page → frame 80533, zeroed
          entry 80422210: 0 → 2014ccd7 (V R W U A D), no invalidation needed
  outcome resolved; retried at 10a3c
`);
  });

  it('tells a fault that killed, with registers, backtrace and areas', () => {
    expect(`\n${fullView(DEATH).join('\n')}`).toBe(`
trap 16 · hart 0 · process 2 · instruction 19240
  at      10b40  main+b8   sb zero,0(a5)                               user
  access  store, 1 byte at 11000
  raw     scause 15 (store/AMO page fault)  stval 11000  sepc 10b40  sstatus SPP=user SUM=0 MXR=0
  walk    Sv39, root 80420000, ASID 2
          level 0  entry  11 at 80422088 = 2014cc53   leaf r--u a, not writable ← page fault
  info    WriteToReadOnly · write · user · user-access flag off · walked again: denied
  tried   copy-on-write   refused, area is not writable
          signal          default action: the process ends
  regs      pc 10b40              ra 10b41              sp 10b42              a5 10b43
            a0 10b44
  stack   #0 10b40 main+b8
          #1 10100
  areas   11000–12000 r-- rodata
          41000–61000 rw- bss
  outcome SIGSEGV (SEGV_ACCERR) at 11000; exit 139
`);
  });

  it('tells a system call with the fault inside it', () => {
    expect(`\n${fullView(WRITE).join('\n')}`).toBe(`
trap 13 · hart 0 · process 2 · instruction 18977
  at      10b10  main+88   ecall                                       user
  raw     scause 8 (environment call from U-mode)  stval 0  sepc 10b10  sstatus SPP=user SUM=0 MXR=0
  call    write(1, 0x7fff2000, 64)
    trap 14 · hart 0 · process 2 · instruction 18977
      at      ffffffc0001ff200            user-access                      kernel
      access  load, 8 bytes at 7fff2000
      raw     scause 13 (load page fault)  stval 7fff2000  sepc ffffffc0001ff200
              sstatus SPP=supervisor SUM=0 MXR=0
      walk    Sv39, root 80420000, ASID 2
              level 2  entry   0 at 80420000 = 20108401   table 80421000
              level 1  entry   0 at 80421000 = 20108801   table 80422000
              level 0  entry  42 at 80422210 = 0          not valid            ← page fault
      info    NotPresent · read · kernel · user-access flag on · walked again: absent
      tried   demand paging   area 7fff0000–80000000 rw- stack: absent page → frame 80534, zeroed
      outcome resolved; retried at ffffffc0001ff200
  outcome returned 64
`);
  });

  it('leaves no little word alone in a line', () => {
    const wide = FRAME.raw.registers.map(({ name, value }) => ({
      name,
      value: ['rip', 'cr2', 'rsp'].includes(name) ? value | (0xffff_8000n << 32n) : value,
    }));
    expect(fullView({ ...FRAME, raw: { ...FRAME.raw, registers: wide } }).slice(3, 7)).toEqual([
      '  raw     vector 14 (page fault: protection violation, user write)  error 7 (U/S=1 W/R=1 P=1)',
      '          cr2 ffff800000042000  rip ffff80000001127d  cs 33 (CPL=3)  rflags 10202 (AC=0)',
      '          rsp ffffffffffffed40  ss 2b',
      '  walk    4-level, root 9000, ASID 1',
    ]);
  });

  it('tells fields of any register, breaks lines where they are full, and keeps the columns of a walk', () => {
    expect(fullView(FRAME).slice(3, 9)).toEqual([
      '  raw     vector 14 (page fault: protection violation, user write)  error 7 (U/S=1 W/R=1 P=1)  cr2 42000',
      '          rip 1127d  cs 33 (CPL=3)  rflags 10202 (AC=0)  rsp 7fffffffed40  ss 2b',
      '  walk    4-level, root 9000, ASID 1',
      '          level 1  entry   0 at  9000 = 11027            table 11000',
      '          level 0  entry  42 at 11210 = 8000000000533025 leaf r--u a, not writable ← page fault',
      '  info    NotPresent · write · user · user-access flag off · walked again: absent',
    ]);
  });

  it.each([
    [COPY, '          invalidated page 42000 of ASID 2 on hart 1: 1 translation dropped'],
    [
      hard('protection key'),
      '          level 0  entry  42 at 11210 = 8000000000533025 leaf r--u a, not writable ← page fault',
    ],
    [
      hard('access fault'),
      '          level 0  entry  42 at 11210 = 8000000000533025 leaf r--u a, not writable ← access fault',
    ],
    [COPY, '          entry 80422210: 2014cc53 → 0'],
    [COPY, '          entry 80422210: 0 → 201800d7 (V R W U A D)'],
    [PANIC, '  walk    Sv39, root 80420000, ASID 2: not canonical  ← page fault'],
    [PANIC, '  outcome kernel panic: page fault in the kernel'],
    [FAILED_CALL, '  outcome returned -14 (EFAULT)'],
    [TIMER, '  raw     scause 8000000000000005 (supervisor timer interrupt)  stval 0  sepc 10b44'],
    [TIMER, '          sstatus SPP=user SUM=0 MXR=0'],
  ])('%# has a line', (flow, line) => {
    expect(fullView(flow)).toContain(line);
  });
});

describe('colours', () => {
  it('are for terminals that want them', () => {
    const tty = { isTTY: true };
    expect(paintFor(tty, {}).bad('x')).toBe('\u001b[31mx\u001b[0m');
    expect(paintFor(tty, { NO_COLOR: '1' }).bad('x')).toBe('x');
    expect(paintFor(tty, { NO_COLOR: '' }).bad('x')).toBe('\u001b[31mx\u001b[0m');
    expect(paintFor({ isTTY: false }, {}).bad('x')).toBe('x');
  });

  it('change nothing but colours', () => {
    for (const flow of [DEMAND, WRITE, DEATH, COPY, PANIC, TIMER, FAILED_CALL]) {
      const bare = (lines: string[]) => stripVTControlCharacters(lines.join('\n'));
      expect(bare(fullView(flow, COLOURS))).toBe(fullView(flow).join('\n'));
      expect(bare(lineView(flow, COLOURS))).toBe(lineView(flow).join('\n'));
    }
  });
});

describe('the report of a fatal fault', () => {
  it('is one line', () => {
    expect(deathReport(DEATH)).toBe(
      'p2 killed by SIGSEGV (SEGV_ACCERR): store 1 byte at 11000, pc 10b40 main+b8 sb zero,0(a5)',
    );
  });

  it('says of a signal that was sent that no fault raised it', () => {
    const outcome = { kind: 'signal', signal: 'SIGABRT', code: 'SI_USER', address: 0n, exit: 134 } as const;
    expect(deathReport({ ...FAILED_CALL, outcome })).toBe(
      'p2 killed by SIGABRT (SI_USER): sent by a process, pc 10b10 main+88 ecall',
    );
  });
});

describe('--trace-out', () => {
  it('names its format and version', () => {
    expect(JSON.parse(traceHeader('riscv64'))).toEqual({ format: 'faultline-trace', version: 1, target: 'riscv64' });
  });

  it('says how the run ended', () => {
    expect(JSON.parse(traceEnd({ reason: 'exited', status: 0, instructions: 5 }))).toEqual({
      end: { reason: 'exited', status: 0, instructions: 5 },
    });
  });

  it('has every field of a record under its own name, bigints as hexadecimal text', () => {
    const seen = JSON.parse(traceLine(DEATH));
    const expected = JSON.parse(
      JSON.stringify(DEATH, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)),
    );
    expect(seen).toEqual(expected);
    expect(seen.raw.registers[3]).toEqual({ name: 'sstatus', value: '0x8000000200006020' });
    expect(traceLine(DEATH)).not.toContain('\n');
  });

  it('writes a negative result as its 64 bits', () => {
    const flow = { ...FAILED_CALL, outcome: { kind: 'returned', value: -1n } as const };
    expect(JSON.parse(traceLine(flow)).outcome.value).toBe('0xffffffffffffffff');
  });
});
