/** The names of system registers, keyed by op0:op1:CRn:CRm:op2, 2, 3, 4, 4 and 3 bits. */
export const SYSTEM_REGISTER_NAMES: ReadonlyMap<number, string> = new Map();
