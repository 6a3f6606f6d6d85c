import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import type { KernelOptions, TrapFlow } from '../../kernel/index.ts';
import { boot, finish, guest } from './boot.ts';

type Options = Partial<KernelOptions> & { argv?: string[]; envp?: string[]; stdin?: string };
type Row = [name: string, status: number, last: string, options?: Options];

/** Words of each target's own that records carry. */
const WORDS: Readonly<Record<string, { call: string; fetch: string; firstWrite: string }>> = {
  riscv64: { call: 'ecall', fetch: 'instruction page fault', firstWrite: 'NotPresent' },
  aarch64: { call: 'svc #0x0', fetch: 'instruction abort: translation fault, level 0', firstWrite: 'WriteToReadOnly' },
  'x86-64': {
    call: 'syscall',
    fetch: 'page fault: not present, user instruction fetch',
    firstWrite: 'WriteToReadOnly',
  },
};

describe.each(ARCHES)('$isa.name', ({ isa, modes }) => {
  const words = WORDS[isa.name];
  /** Its paging schemes but the default one. */
  const others = modes.slice(1).map(({ format }) => format.mode);

  const run = (name: string, options: Options = {}) => {
    const booted = boot(guest(name, isa), { record: true, ...options });
    return { result: finish(booted), ...booted };
  };

  describe('guests under the corrected policies', () => {
    it.each<Row>([
      ['hello', 0, 'hello from user mode\n'],
      ['demand', 0, 'ok: 48 pages kept what was stored\n'],
      ['fork-cow', 0, 'ok: parent: 4 frames with one reference left written in place\n'],
      ['stack-growth', 0, 'ok: 2048 frames held what was stored in them\n'],
      ['stack-overflow', 139, 'recursing until the stack ends\n'],
      ['null-read', 139, 'loading from address 0\n'],
      ['jump-null', 139, 'jumping to address 0\n'],
      ['write-rodata', 139, 'storing to it\n'],
      ['exec-stack', 139, 'calling a function on the stack\n'],
      ['kernel-touch', 139, 'load at kernel address ffffffc000000000\n'],
      ['kernel-touch', 139, 'store at kernel address ffffffc000000000\n', { argv: ['kernel-touch', 'store'] }],
      ['kernel-touch', 139, 'jump at kernel address ffffffc000000000\n', { argv: ['kernel-touch', 'jump'] }],
      ...others.map((mmu): Row => ['kernel-touch', 139, 'load at kernel address ffffffc000000000\n', { mmu }]),
      ['prot-none', 0, 'ok: store to a page made PROT_READ: signal 11\n'],
      ['write-only', 0, 'ok: jump into a write-only page: signal 11\n'],
      ['stack-write', 0, 'ok: openat(2) with a path 512 KiB below\n'],
      ['misaligned', 0, 'ok: first page unchanged\n'],
      ['page-cross', 0, 'ok: both stores work now\n'],
      ['illegal', 0, 'ok: exclusive load at offset 4: signal 7\n'],
      ['illegal', 132, 'illegal\n', { argv: ['illegal', 'illegal'] }],
      ['illegal', 133, 'breakpoint\n', { argv: ['illegal', 'breakpoint'] }],
      ['illegal', 135, 'atomic\n', { argv: ['illegal', 'atomic'] }],
      ['two-harts', 0, "ok: child: nothing of the parent's stores seen\n", { harts: 2 }],
      ['two-harts', 0, "ok: child: nothing of the parent's stores seen\n", { harts: 1 }],
      ['two-harts', 0, "ok: child: nothing of the parent's stores seen\n", { harts: 8, ad: 'software' }],
      ['user-access', 0, 'unresolved-under-flag: EFAULT\n', { testHooks: true, stdin: 'some input\n' }],
      ['brk', 0, "ok: an end in the kernel's half is refused\n"],
      ['mmap', 0, 'ok: mprotect of a misaligned address: EINVAL\n'],
      ['echo', 0, 'echo this\n', { stdin: 'echo this\n' }],
      ['args', 0, 'envp[1]=B=2\n', { argv: ['args', 'one'], envp: ['A=1', 'B=2'] }],
    ])('%s ends with %d, saying %j %o', (name, status, last, options) => {
      const { result, out } = run(name, options);
      expect(result).toMatchObject({ kind: 'exited', status });
      expect(out[1].slice(-last.length)).toBe(last);
      expect(out[1]).not.toContain('FAILED');
      expect(out[1]).not.toContain('(not as corrected)');
    });

    it.each(['demand', 'fork-cow', 'misaligned', 'prot-none', 'two-harts'])(
      '%s says the same however it is run',
      (name) => {
        const plain = run(name).out[1];
        for (const options of [{ ad: 'software' }, ...others.map((mmu) => ({ mmu })), { harts: 2 }] as const) {
          expect(run(name, options).out[1], JSON.stringify(options)).toBe(plain);
        }
      },
    );
  });

  describe('records', () => {
    const flat = (flows: readonly TrapFlow[]): TrapFlow[] => flows.flatMap((flow) => [flow, ...flat(flow.nested)]);

    it('two runs leave the same records', () => {
      expect(run('user-access', { testHooks: true, stdin: 'x' }).flows).toEqual(
        run('user-access', { testHooks: true, stdin: 'x' }).flows,
      );
      expect(run('two-harts', { harts: 2 }).flows).toEqual(run('two-harts', { harts: 2 }).flows);
    });

    it('recording changes nothing', () => {
      const recorded = run('fork-cow');
      const plain = boot(guest('fork-cow', isa));
      expect(finish(plain)).toEqual(recorded.result);
      expect(plain.kernel.machine.instructions).toBe(recorded.kernel.machine.instructions);
      expect(plain.out).toEqual(recorded.out);
    });

    it('hello: a write with its words and a page fault for each page touched first', () => {
      const { flows } = run('hello');
      const write = flows.find(({ call }) => call?.name === 'write');
      expect(write).toMatchObject({
        kind: 'system call',
        hart: 0,
        process: 1,
        origin: { privilege: 'user', text: words.call },
        outcome: { kind: 'returned', value: 21n },
        userAccess: false,
      });
      expect(write?.call?.args).toEqual(['1', expect.stringMatching(/^0x[0-9a-f]+$/), '21']);
      expect(write?.origin.symbol).toMatch(/^\w+\+[0-9a-f]+$/);
      expect(flows.at(-1)).toMatchObject({
        call: { name: 'exit_group', args: ['0'] },
        outcome: { kind: 'exit', status: 0 },
      });
      const fetch = flows[0];
      expect(fetch).toMatchObject({
        kind: 'page fault',
        origin: { symbol: '_start', pc: expect.anything() },
        access: { kind: 'fetch', privilege: 'user' },
        outcome: { kind: 'resolved' },
        raw: { summary: words.fetch },
      });
      expect(fetch.walk?.steps.length).toBeGreaterThan(0);
      expect(fetch.steps.map(({ step, verdict }) => [step, verdict])).toEqual([['demand paging', 'resolved']]);
      expect(fetch.steps[0].changes).toContainEqual(expect.objectContaining({ kind: 'frame', action: 'from file' }));
    });

    it('traps are numbered from 1 in the order they were taken, nested ones inside', () => {
      const { flows } = run('user-access', { testHooks: true, stdin: 'x' });
      const numbers = flat(flows).map(({ trap }) => trap);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      expect(flat(flows).length).toBeGreaterThan(flows.length);
    });

    it("a system call's nested faults are the kernel's own, under the flag", () => {
      const { flows } = run('user-access', { testHooks: true, stdin: 'x' });
      const nested = flows.flatMap((flow) => flow.nested);
      expect(nested.length).toBeGreaterThan(3);
      for (const flow of nested) {
        expect(flow).toMatchObject({ origin: { privilege: 'supervisor', text: 'user-access' }, userAccess: true });
      }
      expect(nested.map(({ outcome }) => outcome.kind)).toContain('resolved');
      expect(nested.map(({ outcome }) => outcome.kind)).toContain('errno');
    });

    it('a fatal trap shows registers, callers and areas, and is the result even unrecorded', () => {
      const booted = boot(guest('null-read', isa));
      const result = finish(booted);
      if (result.kind !== 'exited' || !result.flow) throw new Error('no fatal flow');
      const { outcome, surroundings, origin, access } = result.flow;
      expect(outcome).toEqual({ kind: 'signal', signal: 'SIGSEGV', code: 'SEGV_MAPERR', address: 0n, exit: 139 });
      expect(origin.symbol).toMatch(/^main/);
      expect(access).toMatchObject({ kind: 'load', address: 0n, size: 8 });
      expect(surroundings?.registers.find(({ name }) => name === isa.sp.alias)?.value).toBeGreaterThan(0n);
      expect(surroundings?.registers.find(({ name }) => name === isa.pc.alias)?.value).toBe(origin.pc);
      expect(surroundings?.backtrace.map(({ symbol }) => symbol?.split('+')[0]).slice(0, 2)).toEqual([
        'main',
        'guest_start',
      ]);
      expect(surroundings?.areas.map(({ name }) => name)).toContain('text');
    });
  });

  describe('what is not corrected', () => {
    const flowOf = (name: string, options: Options) => {
      const { result } = run(name, options);
      if (result.kind !== 'panic' && result.kind !== 'exited') throw new Error(result.kind);
      return result;
    };

    it('veridian: the first write after fork kills', () => {
      expect(flowOf('fork-cow', { policy: 'veridian' })).toMatchObject({
        kind: 'exited',
        status: 139,
        flow: { info: { reason: words.firstWrite, wasWrite: true } },
      });
    });

    it('veridian: descending first touches are refused', () => {
      expect(flowOf('demand', { policy: 'veridian' })).toMatchObject({ kind: 'exited', status: 139 });
    });

    it.each([
      ['wraps', /overflow/],
      ['last-page-string', /overflow/],
      ['unmapped-after-get', /without the user-access flag/],
      ['unmapped-after-get-target', /without the user-access flag/],
      ['cow-target', /without the user-access flag: store to/],
      ['cow-target-read', /without the user-access flag: store to/],
    ])('axptr: %s panics, with the whole flow', (row, message) => {
      const result = flowOf('user-access', {
        uaccess: 'axptr',
        testHooks: true,
        stdin: 'x',
        argv: ['user-access', row],
      });
      expect(result).toMatchObject({ kind: 'panic', flow: { kind: 'system call', outcome: { kind: 'panic' } } });
      expect(result.flow?.call?.name).toMatch(/^[a-z]+/);
      expect(result.flow?.surroundings?.backtrace.length).toBeGreaterThan(1);
      expect(result.kind === 'panic' && result.message).toMatch(message);
    });

    it('axptr: a fault under the flag that nothing resolves kills the process', () => {
      const options = { testHooks: true, stdin: 'x', argv: ['user-access', 'unresolved-under-flag'] };
      const result = flowOf('user-access', { uaccess: 'axptr', ...options });
      expect(result).toMatchObject({
        kind: 'exited',
        status: 139,
        flow: {
          kind: 'system call',
          outcome: { kind: 'signal', signal: 'SIGSEGV' },
          nested: [{ userAccess: true, outcome: { kind: 'signal', signal: 'SIGSEGV' } }],
        },
      });
    });

    it.each(['null-read', 'jump-null', 'stack-overflow', 'write-rodata', 'exec-stack', 'kernel-touch'])(
      '%s: what its death says is the same unrecorded',
      (name) => {
        for (const policy of ['corrected', 'veridian'] as const) {
          expect(finish(boot(guest(name, isa), { policy })), policy).toEqual(flowOf(name, { policy }));
        }
      },
    );

    it('what a panic says is the same unrecorded', () => {
      const options = {
        uaccess: 'axptr',
        testHooks: true,
        stdin: 'x',
        argv: ['user-access', 'cow-target-read'],
      } as const;
      const recorded = flowOf('user-access', { ...options, argv: [...options.argv] });
      const plain = finish(boot(guest('user-access', isa), { ...options, argv: [...options.argv] }));
      expect(plain).toEqual(recorded);
    });
  });
});
