import { type PolicyReading, readTrap, type StepOrder, type TrapReading } from '../../kernel/index.ts';
import { type Explanation, type Isa, TARGETS, targetNamed } from '../../machine/index.ts';
import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { write } from '../host.ts';
import { stringify } from '../trace/json.ts';
import { type Paint, paintFor } from '../trace/paint.ts';
import { hex } from '../trace/view.ts';

/** `faultline explain`: what the registers of a trap say, and what the kernel would make of them. */
export const explain: Command = {
  name: 'explain',
  operands: '<target> [registers..]',
  describe: 'Put the registers of a trap in words: NAME=VALUE each, values in hexadecimal',
  options: { json: { type: 'boolean', describe: 'One JSON object' } },
  examples: [
    ['explain riscv64 scause=f stval=42000 sstatus=20', 'a store page fault of user mode'],
    ['explain riscv64 mcause=8000000000000007', 'an interrupt that machine mode takes'],
    ['explain aarch64 esr=92000047 far=42000 spsr=0', 'the same fault of EL0'],
    ['explain x86-64 error=7 cr2=42000', 'the same fault of CPL 3'],
  ],
  run: async (given, target, assignments) => {
    const isa = targetNamed(String(target));
    if (!isa)
      throw new UserError(`explain: no target '${target}'; there are ${TARGETS.map(({ name }) => name).join(', ')}`);
    const values = readAssignments(isa, assignments);
    const explanation = isa.explain(values);
    const reading = readTrap(isa, values);
    if (given.json === true)
      write(
        1,
        `${stringify({ format: 'faultline-explain', version: 1, target: isa.name, ...explanation, kernel: reading })}\n`,
      );
    else {
      const paint = paintFor({ isTTY: process.stdout.isTTY }, process.env);
      const list = listsOf(isa, values).find(([cause]) => values.has(cause));
      const absent = reading ? (list ?? isa.trapRegisters[0]).filter((name) => !values.has(name)) : [];
      write(1, `${explainLines(isa, explanation, reading, absent, paint).join('\n')}\n`);
    }
    return 0;
  },
};

/** A register may be named without what its manual puts behind `_`: `esr` is `esr_el1`. */
const isNamed = (register: string, name: string) => register === name || register.split('_')[0] === name;

/** The lists of a trap's registers that all of these are on. */
const listsOf = (isa: Isa, values: ReadonlyMap<string, bigint>) =>
  isa.trapRegisters.filter((names) => [...values.keys()].every((name) => names.includes(name)));

/** Values by register name. Throws UserError where a word is no assignment, or the registers do not go together. */
function readAssignments(isa: Isa, words: readonly string[]): ReadonlyMap<string, bigint> {
  const values = new Map<string, bigint>();
  const all = isa.trapRegisters.flat();
  const listed = isa.trapRegisters.map((names) => names.map((name) => name.split('_')[0]).join(', ')).join('; or ');
  for (const word of words) {
    const [, name, digits] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) throw new UserError(`explain: '${word}' is not NAME=VALUE`);
    const register = all.find((one) => isNamed(one, name.toLowerCase()));
    if (!register) throw new UserError(`explain: ${isa.name} has no trap register '${name}'; it has ${listed}`);
    if (values.has(register)) throw new UserError(`explain: ${name} is given twice`);
    if (!/^(0x)?[0-9a-f]+$/i.test(digits))
      throw new UserError(`explain: ${name}: '${digits}' is not a hexadecimal number`);
    const value = BigInt(`0x${digits.replace(/^0x/i, '')}`);
    const bits = isa.trapRegisterBits?.get(register) ?? 64;
    if (value >= 1n << BigInt(bits)) throw new UserError(`explain: ${name}: '${digits}' has more than ${bits} bits`);
    values.set(register, value);
  }
  const lists = listsOf(isa, values);
  if (lists.length === 0)
    throw new UserError(`explain: these registers belong to different traps; there are ${listed}`);
  if (!lists.some(([cause]) => values.has(cause)))
    throw new UserError(`explain: which ${lists[0][0].split('_')[0]}? It says what the trap was`);
  return values;
}

/** The summary, each register with its fields, and what the kernel reads. */
export function explainLines(
  isa: Isa,
  { registers, summary }: Explanation,
  reading: TrapReading | undefined,
  absent: readonly string[],
  paint: Paint,
): string[] {
  const wide = Math.max(...registers.flatMap(({ fields }) => fields.map((field) => field.name.length)));
  return [
    paint.bold(`${isa.name}: ${summary}`),
    '',
    ...registers.flatMap(({ name, value, fields }) => {
      const head = `${name} = ${hex(value)}`;
      if (fields.length === 1 && fields[0].bits === '63:0') return [`${head}  ${fields[0].text}`, ''];
      return [
        head,
        ...fields.map(({ bits, name, text }) => `  ${paint.dim(bits.padStart(5))}  ${name.padEnd(wide)}  ${text}`),
        '',
      ];
    }),
    ...(reading ? kernelLines(reading, absent, paint) : ['The kernel never sees it: firmware takes this trap.']),
  ];
}

function kernelLines(reading: TrapReading, absent: readonly string[], paint: Paint): string[] {
  const { kind, fromUser, end, policies } = reading;
  const guess = absent.length > 0 ? paint.dim(`  (${absent.join(', ')} read as 0)`) : '';
  return [
    `The kernel reads: ${kind}, taken in ${fromUser ? 'user' : 'kernel'} mode${guess}`,
    ...(end === undefined ? [] : [`  it comes to ${end}`]),
    ...policies.flatMap((policy) => policyLines(policy, paint)),
  ];
}

function policyLines({ policy, info, orders }: PolicyReading, paint: Paint): string[] {
  const reason = policy === 'corrected' ? 'reason by the walk' : info.reason;
  const words = [
    reason,
    info.wasWrite ? 'write' : 'no write',
    info.wasUserMode ? 'user' : 'kernel',
    `address ${hex(info.address)}`,
    `pc ${hex(info.instructionPointer)}`,
  ];
  const width = Math.max(...orders.map(({ found }) => (found ?? '').length));
  return [
    '',
    `${paint.bold(policy)}  ${words.join(' · ')}`,
    ...orders.map((order) => `  ${orderWords(order, width, paint)}`),
  ];
}

function orderWords({ found, steps, otherwise }: StepOrder, width: number, paint: Paint): string {
  const lead = found === undefined ? '' : `${paint.dim(found.padEnd(width))}  `;
  return lead + [...steps, otherwise].join(' → ');
}
