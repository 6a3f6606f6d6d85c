/** Which page-fault handler: VeridianOS's as published, or the same design with its gaps closed. */
export type FaultPolicy = 'corrected' | 'veridian';
/** Which user pointers: the axptr crate's to the letter, or what a kernel should ship. */
export type UserAccessPolicy = 'corrected' | 'axptr';
export type MmuMode = 'sv39' | 'sv48' | 'sv57';
