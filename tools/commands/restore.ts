import type { Command } from '../command.ts';
import { UserError } from '../errors.ts';
import { LIMIT_OPTIONS, readLimitOptions, readTraceOptions, TRACE_OPTIONS } from '../run-options.ts';
import { runSnapshot } from '../session.ts';

/** `faultline restore`: goes on where a snapshot was taken. */
export const restore: Command = {
  name: 'restore',
  operands: '<snapshot>',
  describe: 'Go on from a snapshot that `run --save-at N --save FILE` wrote',
  options: { ...TRACE_OPTIONS, ...LIMIT_OPTIONS },
  examples: [['restore --trace at5000.snap', 'the rest of the run, one line a trap']],
  takesGuestArguments: true,
  run: (given, path, rest) => {
    if (rest.length > 0) throw new UserError(`restore: the snapshot has its arguments already: '${rest[0]}'`);
    return runSnapshot(String(path), readTraceOptions(given), readLimitOptions(given));
  },
};
