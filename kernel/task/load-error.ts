/** Why a program cannot be started: one line that says what and where. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}
