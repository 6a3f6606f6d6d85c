/** Which page-fault handler: VeridianOS's as published, or the same design with its gaps closed. */
export type FaultPolicy = 'corrected' | 'veridian';
/** Which user pointers: the axptr crate's to the letter, or what a kernel should ship. */
export type UserAccessPolicy = 'corrected' | 'axptr';
/** A paging scheme, by the name that the target's `modes` give it. */
export type MmuMode = string;
