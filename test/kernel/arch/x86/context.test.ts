import { describe, expect, it } from 'vitest';
import type { UserContext } from '../../../../kernel/arch/arch.ts';
import { targetNamed } from '../../../../machine/index.ts';
import { World } from '../../mm/world.ts';

const isa = targetNamed('x86-64')!;
const PC = 0x1_0000n;
const STACK = 0x7000_0008n;
const UD = 6;

/** A hart that runs user contexts. */
class Runner {
  readonly world: World;

  constructor(mode: string) {
    this.world = new World({ isa, mode });
  }

  get arch() {
    return this.world.memory.arch;
  }

  get(name: string): bigint {
    return this.world.hart.get(isa.slots.get(name));
  }

  set(values: Readonly<Record<string, bigint | number>>): void {
    const { hart } = this.world;
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'bigint') hart.set(isa.slots.get(name), value);
      else hart.set32(isa.slots.get(name), value);
    }
  }

  /** Enters user mode, lets it do something, and is back by an exception. */
  run<T>(context: UserContext, act: () => T): T {
    const { hart } = this.world;
    this.arch.enterUser(hart, context);
    const result = act();
    hart.raise(UD, 0n);
    hart.takeTrap();
    this.arch.saveUser(hart, context);
    return result;
  }
}

describe.each(['4-level', '5-level'])('a user context, %s', (mode) => {
  it('begins with its entry, its stack, and what reset leaves', () => {
    const runner = new Runner(mode);
    const { hart } = runner.world;
    const context = runner.arch.newContext(PC, STACK);
    expect(runner.run(context, () => [isa.privilege(hart), hart.pc, hart.get(isa.sp)])).toEqual(['user', PC, STACK]);
    expect(isa.privilege(hart)).toBe('supervisor');
    expect(context.pc).toBe(PC);
    const held = Object.fromEntries([...context.registers].filter(([, value]) => value !== 0n));
    // An exception's frame has RF set (SDM vol. 3B, 17.3.1.1).
    expect(held).toEqual({ rsp: STACK, rflags: 0x1_0202n, fcw: 0x37fn, mxcsr: 0x1f80n, pkru: 0x5555_5554n });
  });

  it('keeps what user code changed, and another does not see it', () => {
    const runner = new Runner(mode);
    const context = runner.arch.newContext(PC, STACK);
    const changes = {
      rax: 1n,
      r15: 0xffff_ffff_ffff_ffffn,
      rsp: STACK - 8n,
      fs_base: 0x1000n,
      gs_base: 0x2000n,
      fpr3: 0x8000_0000_0000_0000n,
      fpr3_high: 0x3fff,
      mxcsr: 0x1fa0,
      cf: 1,
      df: 1,
    };
    const names = ['rax', 'r15', 'rsp', 'fs_base', 'gs_base', 'fpr3'] as const;
    runner.run(context, () => runner.set(changes));
    expect(Object.fromEntries(context.registers)).toMatchObject({
      ...Object.fromEntries(names.map((name) => [name, changes[name]])),
      rflags: 0x1_0603n,
      fpr3_high: 0x3fffn,
      mxcsr: 0x1fa0n,
    });
    const other = runner.arch.newContext(PC, STACK);
    expect(runner.run(other, () => names.map((name) => runner.get(name)))).toEqual([0n, 0n, STACK, 0n, 0n, 0n]);
    expect(runner.run(context, () => names.map((name) => runner.get(name)))).toEqual(
      names.map((name) => changes[name]),
    );
  });

  it('goes back by SYSRETQ where RCX and R11 are what SYSCALL left, else by IRETQ: with the same state', () => {
    const runner = new Runner(mode);
    const { hart } = runner.world;
    const states = [PC, PC + 2n].map((rcx) => {
      const context = runner.arch.newContext(PC, STACK);
      context.registers.set('rcx', rcx);
      context.registers.set('r11', 0x202n);
      return runner.run(context, () => {
        const names = ['cpl', 'flags', 'cs', 'cs_limit', 'cs_attributes', 'ss', 'code_mode'];
        const words = names.map((name) => hart.get32(isa.slots.get(name)));
        return [...words, hart.pc, hart.get(isa.sp), runner.get('cs_base'), runner.get('gs_base')];
      });
    });
    expect(states[1]).toEqual(states[0]);
  });

  it('the kernel’s GS base points at its tables while it runs, the user’s is kept', () => {
    const runner = new Runner(mode);
    const { hart } = runner.world;
    const context = runner.arch.newContext(PC, STACK);
    context.registers.set('gs_base', 0x2000n);
    runner.run(context, () => {});
    expect(runner.get('gs_base')).toBe(runner.get('tr_base'));
    expect(isa.readSystem(hart, 'kernel_gs_base')).toBe(0x2000n);
  });

  it('nested traps leave the frame below them, and the state around it, as they were', () => {
    const runner = new Runner(mode);
    const { hart } = runner.world;
    const { arch } = runner;
    const context = runner.arch.newContext(PC, STACK);
    runner.run(context, () => {});
    const state = arch.saveTrapState(hart);
    for (let i = 0; i < 3; i++) {
      hart.pc = runner.world.memory.accessGate;
      hart.raise(UD, 0n);
      hart.takeTrap();
      expect(arch.fromUser(hart)).toBe(false);
      expect(arch.trapPc(hart)).toBe(runner.world.memory.accessGate);
      isa.writeSystem(hart, 'cr2', 0x1234n);
    }
    arch.restoreTrapState(hart, state);
    expect(arch.saveTrapState(hart)).toEqual(state);
    arch.returnFromTrap(hart);
    expect([isa.privilege(hart), hart.pc, hart.get(isa.sp)]).toEqual(['user', PC, STACK]);
  });
});
