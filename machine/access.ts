/** What an access does; an atomic read-modify-write is a store, as its faults are a store's. */
export type AccessKind = 'fetch' | 'load' | 'store';

/** The privilege an access is judged at, which MPRV and its like can make another than the hart's own. */
export type Privilege = 'user' | 'supervisor' | 'machine';

/**
 * `ordered` acquires or releases and is otherwise plain, `reserved` is LR and its like, `conditional` is SC, `amo` is one
 * indivisible read and write.
 */
export type Atomicity = 'plain' | 'ordered' | 'reserved' | 'conditional' | 'amo';

/** What sets an access apart from others of its kind, size and atomicity. */
export interface AccessTraits {
  /** Judged as the user's, whoever makes it (LDTR, STTR). */
  readonly unprivileged?: boolean;
  /** Judged as the supervisor's, whoever makes it (x86's implicit accesses to descriptor tables and the TSS). */
  readonly implicit?: boolean;
  /** Made through the stack's segment (x86: a non-canonical address is #SS, not #GP). */
  readonly stack?: boolean;
  /** One page's part of a misaligned access across two: it may look aligned. */
  readonly part?: boolean;
  /** Bytes to which it must be aligned where that is less than its size: those of a vector's element. */
  readonly alignment?: number;
}

/** The part of an access that an instruction fixes: kind, size in bytes and atomicity. */
export interface AccessShape extends AccessTraits {
  readonly kind: AccessKind;
  readonly size: number;
  readonly atomicity: Atomicity;
}

/** One access as the MMU judges it. */
export interface Access extends AccessShape {
  readonly privilege: Privilege;
}

/** The one value for each shape, so that shapes compare by identity and hot paths allocate nothing. */
const shapes = new Map<string, AccessShape>();
export function accessShape(
  kind: AccessKind,
  size: number,
  atomicity: Atomicity = 'plain',
  traits: AccessTraits = {},
): AccessShape {
  const { unprivileged, implicit, stack, part, alignment } = traits;
  const key = `${kind} ${size} ${atomicity} ${unprivileged} ${implicit} ${stack} ${part} ${alignment}`;
  let shape = shapes.get(key);
  if (!shape) {
    const present = {
      ...(unprivileged && { unprivileged }),
      ...(implicit && { implicit }),
      ...(stack && { stack }),
      ...(part && { part }),
      ...(alignment && { alignment }),
    };
    shape = Object.freeze({ kind, size, atomicity, ...present });
    shapes.set(key, shape);
  }
  return shape;
}

/** The access that a shape is at a privilege: one value for each pair, as MMUs ask for it at each trap. */
const accesses = new WeakMap<AccessShape, Record<Privilege, Access>>();
export function accessAt(shape: AccessShape, privilege: Privilege): Access {
  let known = accesses.get(shape);
  if (!known) {
    const at = (other: Privilege): Access => Object.freeze({ ...shape, privilege: other });
    known = { user: at('user'), supervisor: at('supervisor'), machine: at('machine') };
    accesses.set(shape, known);
  }
  return known[privilege];
}
