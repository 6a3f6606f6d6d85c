import { expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import type { FaultPolicy, UserAccessPolicy } from '../../kernel/index.ts';
import { CALLS } from '../../kernel/syscall/table.ts';
import { Random } from '../../kernel/task/random.ts';
import { assembly, type Booted, boot, CODE, DATA, program } from '../kernel/boot.ts';

const COUNT = 100_000 * Number(process.env.FAULTLINE_HUNT ?? 1);
/** Calls that a kernel sees before it makes way for one of other policies. */
const LIFE = 400;
const SEED = BigInt(process.env.FAULTLINE_SEED ?? 20);

/** Values that calls treat in different ways: small numbers, descriptors, flags, and addresses of every kind. */
function argument(random: Random, stack: bigint): bigint {
  const pick = Number(random.next() % 20n);
  const small = random.next() % 64n;
  const near = (base: bigint) => BigInt.asUintN(64, base + small * 8n - 16n);
  switch (pick) {
    case 0:
    case 1:
    case 2:
      return small;
    case 3:
      return BigInt.asUintN(64, -small);
    case 4:
    case 5:
    case 6:
      return near(DATA + 64n);
    case 7:
      return near(CODE);
    case 8:
      return near(DATA + 4096n);
    case 9:
      return near(stack);
    case 10:
      return near(stack - 0x2_0000n);
    case 11:
      return near(0xffff_ffc0_8000_0000n);
    case 12:
      return BigInt.asUintN(64, -4096n) + small;
    case 13:
      return small << 12n;
    case 14:
      return DATA + (small << 12n);
    case 15:
      return 1n << small;
    case 16:
      return (1n << small) - 1n;
    case 17:
      return 0x22n;
    case 18:
      return stack - (small << 10n);
    default:
      return random.next();
  }
}

it.each(ARCHES)(
  `$isa.name: random system calls with random arguments never throw: ${COUNT} calls, seed ${SEED}`,
  {
    timeout: 3_600_000,
  },
  ({ isa, callNames }) => {
    const asm = assembly(isa);
    const known = [...callNames].filter(([, name]) => CALLS.has(name)).map(([number]) => number);
    const numberOf = (name: string) => BigInt([...callNames].find(([, other]) => other === name)?.[0] ?? -1);
    const clone = numberOf('clone');
    const ending = ['exit', 'exit_group', 'pause'].map(numberOf);
    const slots = [...asm.arguments, asm.number].map((name) => isa.slots.get(name));
    const random = new Random(SEED);
    let booted: Booted | undefined;
    let stack = 0n;
    let restarts = 0;
    let age = 0;
    const ends = new Map<string, number>();
    const outcomes = new Map<string, number>();
    for (let i = 0; i < COUNT; i++) {
      if (!booted) {
        const policy: FaultPolicy = restarts % 4 < 3 ? 'corrected' : 'veridian';
        const uaccess: UserAccessPolicy = restarts % 8 < 6 ? 'corrected' : 'axptr';
        booted = boot(program([asm.call, asm.jump(-4)], undefined, isa), {
          memory: 2 << 20,
          harts: 1 + (restarts % 2),
          policy,
          uaccess,
          ad: restarts % 3 === 0 ? 'software' : 'hardware',
          testHooks: true,
          record: restarts % 16 === 0,
          stdin: 'some input\n',
        });
        booted.kernel.run(1);
        stack = booted.kernel.machine.harts[0].get(isa.sp);
        restarts++;
        age = 0;
      }
      const { machine } = booted.kernel;
      const number =
        random.next() % 8n === 0n
          ? argument(random, stack)
          : BigInt(known[Number(random.next() % BigInt(known.length))]);
      const args = [...Array.from({ length: 6 }, () => argument(random, stack)), number];
      // Random flags make no process.
      if (number === clone && random.next() % 2n === 0n) args.splice(0, 2, 17n, 0n);
      // A call that ends the run, by leaving or waiting for ever, is enough now and then.
      if (ending.includes(number) && random.next() % 64n !== 0n) continue;
      for (const hart of machine.harts) {
        if (isa.privilege(hart) === 'user') for (const [k, slot] of slots.entries()) hart.set(slot, args[k]);
      }
      let result: ReturnType<typeof booted.kernel.run>;
      try {
        result = booted.kernel.run(2);
      } catch (error) {
        throw new Error(`seed ${SEED}, call ${i}: ${args.map((a) => a.toString(16)).join(' ')}`, { cause: error });
      }
      if (result.kind === 'running' && ++age < LIFE) continue;
      ends.set(result.kind, (ends.get(result.kind) ?? 0) + 1);
      if (result.kind === 'panic') {
        const { policy, uaccess } = booted.kernel.options;
        expect([policy, uaccess], `seed ${SEED}, call ${i}: ${result.message}`).not.toEqual(['corrected', 'corrected']);
      }
      for (const { outcome } of booted.flows) outcomes.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1);
      booted = undefined;
    }
    console.log(`${restarts} kernels`, Object.fromEntries(ends), Object.fromEntries(outcomes));
    expect(ends.get('exited')).toBeGreaterThan(10);
    expect(outcomes.get('returned')).toBeGreaterThan(100);
    expect(outcomes.get('errno')).toBeGreaterThan(100);
  },
);
