import type { Decoded } from '../../../../machine/x86/decoded.ts';
import type { Row } from '../../../../machine/x86/row.ts';

/** One case: what runs, and the words that it starts from. */
export interface Case {
  readonly row: Row;
  readonly instruction: Decoded;
  readonly input: BigUint64Array;
}

/** One case that ended in two ways. */
export interface Difference {
  readonly case: Case;
  readonly here: BigUint64Array;
  readonly there: BigUint64Array;
  /** The words of the result that differ where they mean something. */
  readonly words: readonly number[];
}

/** A place where both may rightly differ, and the manual's word on it. */
export interface Exemption {
  readonly clause: string;
  readonly holds: (difference: Difference) => boolean;
  /** Met in a hunt alone, so that `make test` does not ask whether it is needed. */
  readonly rare?: true;
}
