import { describe, expect, it } from 'vitest';
import { readTrap, type TrapFlow } from '../../kernel/index.ts';
import { TARGETS } from '../../machine/index.ts';
import { guestRows, runGuest } from '../guests/guest.ts';
import { faultline } from './cli.ts';

const explained = (...args: string[]) => {
  const { status, out, err } = faultline(['explain', ...args]);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return out;
};

describe('faultline explain', () => {
  it('tells every field, and what the kernel would make of it: riscv64', () => {
    expect(explained('riscv64', 'scause=f', 'stval=42000', 'sepc=10a3c', 'sstatus=200000020')).toBe(`\
riscv64: store/AMO page fault

scause = f
     63  Interrupt       0
   62:0  Exception Code  15, store/AMO page fault

stval = 42000  the address of the part of the access that faulted

sepc = 10a3c  the pc of the instruction that trapped

sstatus = 200000020
      1  SIE             0
      5  SPIE            1
      6  UBE             little-endian
      8  SPP             user
   10:9  VS              off
  14:13  FS              off
  16:15  XS              off
     18  SUM             0
     19  MXR             0
  33:32  UXL             64 bits
     63  SD              0

The kernel reads: page fault, taken in user mode

corrected  reason by the walk · write · user · address 42000 · pc 10a3c
  absent, in an area       demand paging → SIGSEGV
  absent, in no area       demand paging → stack growth → demand paging → SIGSEGV
  present, and denied      copy-on-write → SIGSEGV
  accessed or dirty clear  accessed/dirty → SIGKILL: livelock
  allowed now              retry → SIGKILL: livelock
  reserved bits            SIGSEGV

veridian  NotPresent · write · user · address 42000 · pc 10a3c
  demand paging → copy-on-write → stack growth → SIGSEGV
`);
  });

  it('tells the same fault of aarch64 in its own words', () => {
    const out = explained('aarch64', 'esr=92000047', 'far=42000', 'elr=10a3c', 'spsr=0');
    expect(out).toContain('aarch64: data abort: translation fault, level 3, write\n');
    expect(out).toContain('esr_el1 = 92000047\n  31:26  EC     0x24, data abort from a lower exception level\n');
    expect(out).toContain('      6  WnR    1, write\n    5:0  DFSC   0x7, translation fault, level 3\n');
    expect(out).toContain('far_el1 = 42000  the faulting virtual address\n');
    expect(out).toContain('    4:0  M      EL0t\n');
    expect(out).toMatch(/^corrected {2}.* · write · user · address 42000 · pc 10a3c$/m);
    expect(out).toMatch(/^veridian {2}NotPresent · write · user · address 42000 · pc 10a3c$/m);
  });

  it('tells the same fault of x86-64, from the error code alone', () => {
    expect(explained('x86-64', 'error=7', 'cr2=42000')).toBe(`\
x86-64: page fault: protection violation, user write

error = 7
     15  SGX   0, not of SGX
      6  SS    0, no shadow-stack access
      5  PK    0, no protection key
      4  I/D   0, data
      3  RSVD  0, no reserved bit
      2  U/S   1, user
      1  W/R   1, write
      0  P     1, a present page

cr2 = 42000  the faulting linear address

The kernel reads: page fault, taken in user mode  (rip, cs, rflags, rsp, ss read as 0)

corrected  reason by the walk · write · user · address 42000 · pc 0
  absent, in an area       demand paging → SIGSEGV
  absent, in no area       demand paging → stack growth → demand paging → SIGSEGV
  present, and denied      copy-on-write → SIGSEGV
  accessed or dirty clear  accessed/dirty → SIGKILL: livelock
  allowed now              retry → SIGKILL: livelock
  reserved bits            SIGSEGV

veridian  WriteToReadOnly · write · user · address 42000 · pc 0
  demand paging → copy-on-write → stack growth → SIGSEGV
`);
  });

  // A page fault's error code (SDM vol. 3A, 4.7); SMAP tells by RFLAGS.AC alone, since its faults set P like others.
  it.each([
    ['error=0', 'not present, supervisor read', 'kernel', 'NotPresent · no write · kernel'],
    ['error=2', 'not present, supervisor write', 'kernel', 'NotPresent · write · kernel'],
    ['error=4', 'not present, user read', 'user', 'NotPresent · no write · user'],
    ['error=6', 'not present, user write', 'user', 'NotPresent · write · user'],
    ['error=5', 'protection violation, user read', 'user', 'UserModeKernelAccess · no write · user'],
    ['error=1', 'protection violation, supervisor read', 'kernel', 'ProtectionViolation · no write · kernel'],
    ['error=14', 'not present, user instruction fetch', 'user', 'NotPresent · no write · user'],
    ['error=15', 'protection violation, user instruction fetch', 'user', 'ExecuteNoExecute · no write · user'],
    [
      'error=11',
      'protection violation, supervisor instruction fetch',
      'kernel',
      'ExecuteNoExecute · no write · kernel',
    ],
    ['error=d', 'reserved bit, user read', 'user', 'UserModeKernelAccess · no write · user'],
    ['error=27', 'protection key, user write', 'user', 'WriteToReadOnly · write · user'],
  ])('x86-64 %s: %s', (error, words, mode, veridian) => {
    const out = explained('x86-64', error, 'cr2=42000');
    expect(out).toContain(`x86-64: page fault: ${words}\n`);
    expect(out).toContain(
      `The kernel reads: ${mode === 'user' && /^error=(d|27)$/.test(error) ? 'memory exception' : 'page fault'}, taken in ${mode} mode  (rip, `,
    );
    expect(out).toMatch(new RegExp(`^veridian  ${veridian} · address 42000 · pc 0$`, 'm'));
  });

  it.each([
    [['riscv64', 'sstatus=0', 'SCAUSE=0xF', 'stval=0X42000', 'sepc=10A3C'], 'riscv64: store/AMO page fault\n'],
    [['riscv64', 'mcause=8000000000000007'], 'The kernel never sees it: firmware takes this trap.\n'],
    [
      ['riscv64', 'scause=8', 'sstatus=0'],
      'The kernel reads: system call, taken in user mode  (stval, sepc read as 0)\n',
    ],
    [['riscv64', 'scause=d', 'sstatus=100'], 'with the user-access flag EFAULT (axptr: SIGSEGV), without it a panic\n'],
    [['riscv64', 'scause=6', 'sstatus=0'], '\n  SIGBUS (BUS_ADRALN)\n'],
    [['riscv64', 'scause=c', 'sstatus=0'], 'veridian  ExecuteNoExecute · no write · user'],
    [['riscv64', 'scause=2', 'sstatus=0'], 'it comes to SIGILL (ILL_ILLOPC)\n'],
    [['riscv64', 'scause=f', 'sstatus=80'], 'other bits      reserved, and yet 0x80\n'],
    [
      ['x86-64', 'error=4'],
      'The kernel reads: page fault, taken in user mode  (cr2, rip, cs, rflags, rsp, ss read as 0)\n',
    ],
    [['x86-64', 'error=27', 'cr2=42000'], 'SIGSEGV (SEGV_PKUERR)\n'],
    [['x86-64', 'error=d', 'cr2=42000'], '  SIGSEGV (SEGV_ACCERR)\n'],
    [['x86-64', 'error=3', 'cr2=42000'], 'with the user-access flag EFAULT (axptr: SIGSEGV), without it a panic\n'],
    [['x86-64', 'error=3', 'cr2=42000', 'rflags=40000'], '     18  AC     1, alignment checked; user pages open\n'],
    [
      ['x86-64', 'error=3', 'cr2=42000', 'rflags=0'],
      '     18  AC     0, alignment not checked; user pages closed under SMAP\n',
    ],
    [['x86-64', 'error=10007'], '   63:0  other bits  reserved, and yet 0x10000\n'],
    [['x86-64', 'vector=e', 'error=6', 'cr2=42000'], 'vector = e  #PF, page fault\n'],
    [['x86-64', 'vector=d', 'error=402', 'cs=33'], '   15:3  index   0x80, vector 128\n'],
    [['x86-64', 'vector=d', 'error=0', 'cs=33'], 'it comes to SIGSEGV (SI_KERNEL)\n'],
    [['x86-64', 'vector=0', 'cs=33'], 'it comes to SIGFPE (FPE_INTDIV)\n'],
    [['x86-64', 'vector=ec', 'cs=33'], 'it comes to the scheduler, and another process’s turn\n'],
    [['x86-64', 'rcx=401005', 'r11=246'], 'The kernel reads: system call, taken in user mode\n'],
    [['x86-64', 'rcx=401005'], 'x86-64: SYSCALL instruction\n\nrcx = 401005  RIP, where SYSRET returns to\n'],
    [['aarch64', 'esr_el1=56000000', 'spsr_el1=0'], 'The kernel reads: system call, taken in user mode'],
    [['aarch64', 'esr=f2000001', 'spsr=0'], 'it comes to SIGTRAP (TRAP_BRKPT)\n'],
    [['aarch64', 'esr=96000410', 'spsr=5', 'far=0'], 'far_el1 = 0  not valid: FnV is set\n'],
  ])('%j', (args, expected) => {
    expect(explained(...args)).toContain(expected);
  });

  it('has it all in JSON', () => {
    const value = JSON.parse(explained('riscv64', 'scause=d', '--json', 'sepc=123'));
    expect(value).toMatchObject({
      format: 'faultline-explain',
      version: 1,
      target: 'riscv64',
      summary: 'load page fault',
    });
    expect(value.registers.map(({ name }: { name: string }) => name)).toEqual(['scause', 'sepc']);
    expect(value.registers[0].fields[1]).toEqual({
      name: 'Exception Code',
      bits: '62:0',
      value: '0xd',
      text: '13, load page fault',
    });
    expect(value.kernel).toMatchObject({ kind: 'page fault', fromUser: true });
    expect(value.kernel.policies.map(({ policy }: { policy: string }) => policy)).toEqual(['corrected', 'veridian']);
    expect(value.kernel.policies[1].orders).toEqual([
      { steps: ['demand paging', 'stack growth'], otherwise: 'SIGSEGV' },
    ]);
  });
});

/** Page faults of guests, the kernel's own among them. */
function faults(flows: readonly TrapFlow[]): TrapFlow[] {
  return flows.flatMap((flow) => [...(flow.kind === 'page fault' ? [flow] : []), ...faults(flow.nested)]);
}

/** The class that the corrected handler saw, as the orders name it. */
const FOUND: Readonly<Record<string, RegExp>> = {
  absent: /^absent/,
  denied: /^present, and denied$/,
  'accessed or dirty clear': /^accessed or dirty clear$/,
  'allowed now': /^allowed now$/,
  reserved: /^reserved bits$/,
};

describe('what explain says of a fault’s registers is what the handler did', () => {
  const names = [
    'demand',
    'fork-cow',
    'stack-write',
    'null-read',
    'jump-null',
    'write-rodata',
    'exec-stack',
    'two-harts',
  ];
  const cases = TARGETS.flatMap((isa) => names.map((name) => [isa.name, name, isa] as const));
  it.each(cases)('%s %s', (_, name, isa) => {
    const row = guestRows().find((one) => one.name === name)!;
    for (const policy of ['corrected', 'veridian'] as const) {
      const { flows } = runGuest(isa, row, [], { policy, uaccess: 'corrected' });
      expect(faults(flows).length).toBeGreaterThan(0);
      for (const { raw, info, steps, origin } of faults(flows)) {
        const reading = readTrap(isa, new Map(raw.registers.map((register) => [register.name, register.value])))!;
        expect(reading).toMatchObject({ kind: 'page fault', fromUser: origin.privilege === 'user' });
        const told = reading.policies.find((one) => one.policy === policy)!;
        const { corrected, reason, ...rest } = info!;
        expect(told.info).toMatchObject(rest);
        if (policy === 'veridian') expect(told.info.reason).toBe(reason);
        const taken = steps.map(({ step }) => step).filter((step) => step !== 'signal');
        const orders = told.orders.filter(({ found }) => !corrected || FOUND[corrected.class].test(found ?? ''));
        const begins = orders.some((order) => taken.every((step, i) => order.steps[i] === step));
        expect(begins, `${taken} of ${JSON.stringify(orders)}`).toBe(true);
      }
    }
  });
});
