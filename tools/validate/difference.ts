/**
 * Why outcomes or trap flows differ, and where that is written down. `faultline validate` and the guests' tests compare
 * every run with the corrected policies' on the same target, and with the first target's under the same policies; each
 * difference has to be explained by a row here, and each row has to explain one.
 */
export interface Difference {
  /** Names as `faultline validate` lists them; absent: any scenario. */
  readonly scenarios?: readonly string[];
  readonly between: 'policies' | 'targets';
  /** Of policies: the one that differs from `corrected`. Of targets: the one under which alone they differ, if it is one. */
  readonly policy?: 'corrected' | 'veridian' | 'axptr';
  /** Of targets: the one that differs from the first. Of policies: the one on which alone they differ, if it is one. */
  readonly target?: string;
  /** Lines of the neutral flow (neutral.ts) that one side has and the other has not. One of `lines` and `outcome`. */
  readonly lines?: RegExp;
  /** Those lines are the same on either side, and come in another order alone. */
  readonly order?: true;
  /**
   * How the run ends, on the other side, where the ends or what is printed differ: `SIGSEGV SEGV_ACCERR`, `panic: …`. It
   * explains every line, too, that has no row of its own.
   */
  readonly outcome?: RegExp;
  /** One line: why. */
  readonly reason: string;
  /** The document or manual and its clause. */
  readonly clause: string;
}

/** Names of edge cases, as scenarios have them. */
export const edgeCases = (...names: readonly string[]): string[] => names.map((name) => `user-access ${name}`);
