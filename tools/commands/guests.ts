import { TARGETS } from '../../machine/index.ts';
import { builtIn, builtInPath, builtIns } from '../built-in.ts';
import type { Command } from '../command.ts';
import { write } from '../host.ts';
import { RUN_OPTIONS, readGuestOptions, readLimitOptions, readTraceOptions } from '../run-options.ts';
import { runProgram } from '../session.ts';

/** `faultline guests`: lists the built-in guests, or runs one. */
export const guests: Command = {
  name: 'guests',
  operands: '[name] [args..]',
  describe: 'List the built-in guests, or run one with the options of `run`',
  options: RUN_OPTIONS,
  examples: [
    ['guests', 'what there is'],
    ['guests --trace=full null-read', 'a null pointer, explained'],
    ['guests --policy veridian stack-growth', 'the same under the handler as VeridianOS published it'],
  ],
  takesGuestArguments: true,
  run: async (given, name, args) => {
    if (name === undefined) {
      for (const guest of builtIns()) write(1, `${guest.name.padEnd(15)} ${guest.description}\n`);
      return 0;
    }
    const guest = builtIn(name);
    const options = readGuestOptions(given);
    return runProgram({
      program: builtInPath(guest, TARGETS[0].name),
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
