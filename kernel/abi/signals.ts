/** Signal numbers (signal(7), the numbering of x86, ARM and RISC-V). */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type SignalName = keyof typeof SIGNALS;

/** Signals are numbered from 1; 32 to 64 are the real-time ones. */
export const SIGNAL_MAX = 64;

const NAMES = new Map<number, string>(Object.entries(SIGNALS).map(([name, number]) => [number, name]));

/** `SIGSEGV`; real-time signals are `SIGRTMIN+n`. */
export const signalName = (signal: number): string => NAMES.get(signal) ?? `SIGRTMIN+${signal - 32}`;

/** What a signal does where no handler is installed. */
export type DefaultAction = 'terminate' | 'ignore' | 'stop' | 'continue';

const NOT_TERMINATING: Readonly<Record<number, DefaultAction>> = {
  [SIGNALS.SIGCHLD]: 'ignore',
  [SIGNALS.SIGURG]: 'ignore',
  [SIGNALS.SIGWINCH]: 'ignore',
  [SIGNALS.SIGCONT]: 'continue',
  [SIGNALS.SIGSTOP]: 'stop',
  [SIGNALS.SIGTSTP]: 'stop',
  [SIGNALS.SIGTTIN]: 'stop',
  [SIGNALS.SIGTTOU]: 'stop',
};

export const defaultAction = (signal: number): DefaultAction => NOT_TERMINATING[signal] ?? 'terminate';

/** The value of sa_handler that says: ignore; 0 is the default action. */
export const SIG_IGN = 1n;

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

/** The bit of a signal in a sigset_t. */
export const signalBit = (signal: number): bigint => 1n << BigInt(signal - 1);

/** How a process ended, as wait4 reports it. */
export type Ending = { readonly status: number } | { readonly signal: number };

/** wait(2)'s status word: WIFEXITED with the low byte of the exit status, or WIFSIGNALED. */
export const waitStatus = (ending: Ending): number =>
  'signal' in ending ? ending.signal : (ending.status & 0xff) << 8;

/** The exit status that a shell shows: 128 + n for death by signal n. */
export const shellStatus = (ending: Ending): number =>
  'signal' in ending ? 128 + ending.signal : ending.status & 0xff;
