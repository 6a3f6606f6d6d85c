import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { ElfError } from '../machine/index.ts';
import type { Command } from './command.ts';
import { disasm } from './commands/disasm.ts';
import { explain } from './commands/explain.ts';
import { guests } from './commands/guests.ts';
import { restore } from './commands/restore.ts';
import { run } from './commands/run.ts';
import { tour } from './commands/tour.ts';
import { validate } from './commands/validate.ts';
import { STATUS, UserError } from './errors.ts';
import { OutputClosed, ROOT, say } from './host.ts';
import { splitAtProgram } from './run-options.ts';

const COMMANDS: readonly Command[] = [run, guests, tour, validate, explain, disasm, restore];

/** The version in package.json. */
function version(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  return (content as { version: string }).version;
}

const GLOBAL_OPTIONS = ['--help', '--version'];

/** Refuses options that the command does not have, in clearer words than the parser's. */
function checkOptions({ name, options, operands, takesGuestArguments }: Command, own: readonly string[]): void {
  let given = 0;
  for (let i = 0; i < own.length; i++) {
    const [, key, value] = /^--([^=]*)(=.*)?$/s.exec(own[i]) ?? [];
    if (key === undefined) {
      if (own[i].startsWith('-') && own[i] !== '-') throw new UserError(`${name}: unknown option '${own[i]}'`);
      given++;
      continue;
    }
    if (GLOBAL_OPTIONS.includes(own[i])) return;
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    if (!option) throw new UserError(`${name}: unknown option '--${key}'`);
    if (option.type === 'boolean' && value !== undefined) throw new UserError(`--${key} takes no value`);
    if (option.requiresArg && value === undefined && ++i >= own.length) throw new UserError(`--${key} needs a value`);
  }
  const most = operands === '' ? 0 : takesGuestArguments || !operands.includes('..') ? 1 : Number.POSITIVE_INFINITY;
  if (given > most) throw new UserError(`${name}: too many arguments`);
  if (given === 0 && operands.startsWith('<'))
    throw new UserError(`${name}: which ${operands.slice(1).split('>')[0]}?`);
}

/** Runs the command that the arguments name; returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === args[0]);
  if (!command && args.length > 0 && !GLOBAL_OPTIONS.includes(args[0])) {
    const what = args[0].startsWith('-') ? 'option' : 'command';
    throw new UserError(`unknown ${what} '${args[0]}'; faultline --help lists what there is`);
  }
  const { own, guest } = command?.takesGuestArguments
    ? splitAtProgram(args.slice(1))
    : { own: args.slice(1), guest: [] };
  if (command) checkOptions(command, own);
  let status = 0;
  let parser = yargs(args.length === 0 ? [] : [args[0], ...own])
    .scriptName('faultline')
    .usage('$0 <command>\n\nBoots small guest programs and explains every trap, from the instruction to the verdict.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'boolean-negation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .version(version())
    .help()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .example('$0 tour', 'a handful of built-in guests, their faults explained')
    .example('$0 run --trace ./a.out', 'a static program of your own, one line a trap')
    .demandCommand(1, 'which command? faultline --help lists them')
    .strict()
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UserError((message ?? 'bad usage').split('\n')[0]);
    });
  for (const { name, operands, describe, options, examples, takesGuestArguments, run } of COMMANDS) {
    parser = parser.command(
      `${name} ${operands}`.trim(),
      describe,
      (builder) => {
        for (const [line, meaning] of examples) builder.example(`$0 ${line}`, meaning);
        return builder.usage(`$0 ${name} ${operands}\n\n${describe}`).options(options);
      },
      async (given) => {
        const operand = /^[<[]([a-z]+)/.exec(operands)?.[1];
        const value = operand === undefined ? undefined : given[operand];
        const rest = takesGuestArguments ? guest : given[/\[([a-z]+)\.\./.exec(operands)?.[1] ?? ''];
        status = await run(given, value === undefined ? undefined : String(value), Array.isArray(rest) ? rest : []);
      },
    );
  }
  await parser.parseAsync();
  return status;
}

/** The exit status of a run that threw, and one line about it. */
function report(error: unknown): number {
  if (error instanceof OutputClosed) return STATUS.signal + 13;
  const mistake = error instanceof UserError || error instanceof ElfError;
  try {
    // Anything else is a bug of ours: nothing that a user or a guest does may get here.
    if (mistake) say(error.message);
    else say(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } catch {
    // Standard error is what cannot be written; the status has to do.
  }
  return mistake ? STATUS.userMistake : STATUS.panic;
}

/** Runs the command; the process ends with its exit status when nothing is left to be done. */
export function start(args: readonly string[]): void {
  main(args).then(
    (status) => {
      process.exitCode = status;
    },
    (error) => {
      process.exitCode = report(error);
    },
  );
}
