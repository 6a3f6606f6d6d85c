import { TARGETS } from '../../machine/index.ts';
import { type BuiltIn, builtIn, builtInPath, builtIns, hasTarget } from '../built-in.ts';
import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { write } from '../host.ts';
import {
  choice,
  type Given,
  RUN_OPTIONS,
  readGuestOptions,
  readLimitOptions,
  readTraceOptions,
  TARGET_OPTION,
} from '../run-options.ts';
import { runProgram } from '../session.ts';
import { wrapped } from '../validate/table.ts';

/** `faultline guests`: lists the built-in guests, or runs one. */
export const guests: Command = {
  name: 'guests',
  operands: '[name] [args..]',
  describe: 'List the built-in guests, or run one with the options of `run`',
  options: { ...RUN_OPTIONS, target: { ...TARGET_OPTION, group: 'Machine:' } },
  examples: [
    ['guests', 'what there is, and for which targets'],
    ['guests --trace=full null-read', 'a null pointer, explained'],
    ['guests --policy veridian stack-growth', 'the same under the handler as VeridianOS published it'],
  ],
  takesGuestArguments: true,
  run: async (given, name, args) => {
    if (name === undefined) {
      const names = targetNames(given);
      const all = builtIns().filter((guest) => targetsOf(guest, names).length > 0);
      const width = names.join(' ').length;
      for (const guest of all) {
        const targets = targetsOf(guest, names).join(' ').padEnd(width);
        const head = `${guest.name.padEnd(15)} ${targets}  `;
        // Into a pipe each is one line.
        const room = process.stdout.isTTY ? process.stdout.columns - head.length : Number.POSITIVE_INFINITY;
        write(1, `${head}${wrapped(guest.description, room).join(`\n${''.padEnd(head.length)}`)}\n`);
      }
      return 0;
    }
    const guest = builtIn(name);
    const [target] = targetsOf(guest, targetNames(given));
    if (target === undefined) throw new UserError(`no built-in guest '${name}' for ${targetNames(given).join(', ')}`);
    const options = readGuestOptions(given);
    return runProgram({
      program: builtInPath(guest, target),
      argv: [name, ...args],
      // A guest's own needs hold where the user said nothing else.
      guest: {
        ...options,
        harts: given.harts === undefined ? (guest.options.harts ?? 1) : options.harts,
        testHooks: options.testHooks || guest.options.testHooks === true,
        bare: guest.kind === 'bare',
      },
      trace: readTraceOptions(given),
      limits: readLimitOptions(given),
    });
  },
};

/** The targets asked for: every one, or the one that was named. */
function targetNames(given: Given): readonly string[] {
  const names = TARGETS.map(({ name }) => name);
  return given.target === undefined ? names : [choice(given, 'target', names)];
}

const targetsOf = (guest: BuiltIn, names: readonly string[]) => names.filter((name) => hasTarget(guest, name));
