/** What an access does; an atomic read-modify-write is a store, as its faults are a store's. */
export type AccessKind = 'fetch' | 'load' | 'store';

/** The privilege an access is judged at, which MPRV and its like can make another than the hart's own. */
export type Privilege = 'user' | 'supervisor' | 'machine';

/** `reserved` is LR and its like, `conditional` is SC, `amo` is one indivisible read and write. */
export type Atomicity = 'plain' | 'reserved' | 'conditional' | 'amo';

/** The part of an access that an instruction fixes: kind, size in bytes and atomicity. */
export interface AccessShape {
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
export function accessShape(kind: AccessKind, size: number, atomicity: Atomicity = 'plain'): AccessShape {
  const key = `${kind} ${size} ${atomicity}`;
  let shape = shapes.get(key);
  if (!shape) {
    shape = Object.freeze({ kind, size, atomicity });
    shapes.set(key, shape);
  }
  return shape;
}
