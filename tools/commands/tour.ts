import type { Command } from '../command.ts';

/** `faultline tour`: what `make run` shows. */
export const tour: Command = {
  name: 'tour',
  operands: '',
  describe: 'Boot a handful of built-in guests and explain their faults',
  options: {},
  examples: [['tour', 'takes some seconds']],
  run: async () => 0,
};
