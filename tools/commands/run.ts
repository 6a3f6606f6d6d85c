import type { Command } from '../command.ts';
import { RUN_OPTIONS, readGuestOptions, readLimitOptions, readTraceOptions } from '../run-options.ts';
import { runProgram } from '../session.ts';

/** `faultline run`: boots a program of the user's. */
export const run: Command = {
  name: 'run',
  operands: '<program> [args..]',
  describe: 'Run a static program under the kernel, or a bare-metal image; its arguments follow it',
  options: RUN_OPTIONS,
  examples: [
    ['run ./a.out one two', 'a static Linux program with two arguments'],
    ['run --trace=full ./a.out', 'the whole story of every trap, on stderr'],
    ['run --bare --harts 2 image.elf', 'a kernel of your own, from reset'],
    ['run --save-at 5000 --save at5000.snap ./a.out', 'go on from there with: faultline restore at5000.snap'],
  ],
  takesGuestArguments: true,
  run: (given, program, args) =>
    runProgram({
      program: String(program),
      argv: [String(program), ...args],
      guest: readGuestOptions(given),
      trace: readTraceOptions(given),
      limits: readLimitOptions(given),
    }),
};
