import { genericCalls } from '../../abi/generic-calls.ts';

/** Names of AArch64 Linux's system calls by number: the generic ones and, as its unistd.h asks for it, renameat. */
export const CALL_NAMES: ReadonlyMap<number, string> = genericCalls([[38, 'renameat']]);
