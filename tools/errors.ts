/** A mistake of the user's: printed as one line `faultline: …`, exit status 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Exit statuses that are the command's own, not the guest's. */
export const STATUS = {
  userMistake: 2,
  /** A panic of the kernel, or a bug of ours. */
  panic: 70,
  outOfInstructions: 124,
  /** Added to a signal's number. */
  signal: 128,
} as const;
