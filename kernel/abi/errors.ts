/** The current task has ended while the kernel worked for it: unwinds to the kernel's entry, which schedules another. */
export class TaskEnded extends Error {}

/** The kernel cannot go on: a bug of its own, which only the veridian and axptr policies can have. */
export class KernelPanic extends Error {}
