/** The types of IR values and state slots: WebAssembly's own, as bit patterns. */
export type ValueType = 'i32' | 'i64' | 'v128';

const SIZE: Record<ValueType, number> = { i32: 4, i64: 8, v128: 16 };

/**
 * One named piece of a hart's state. `offset` is in bytes from the start of the hart's state block.
 * `group` says where a debugger shows it; `name` is the manual's, `alias` the ABI's where it has one.
 */
export interface Slot {
  readonly name: string;
  readonly alias: string;
  readonly type: ValueType;
  readonly offset: number;
  readonly group: SlotGroup;
}

/** `scratch`: no register, but a value on its way to or from a helper; nobody may rely on it between instructions. */
export type SlotGroup = 'general' | 'float' | 'control' | 'hidden' | 'scratch';

export interface SlotDeclaration {
  readonly name: string;
  readonly alias?: string;
  readonly type: ValueType;
  readonly group: SlotGroup;
}

/** A target's register file, declared once: engines, traces, snapshots and debuggers all read it. */
export class SlotTable {
  readonly slots: readonly Slot[];
  /** Bytes that the slots take in the state block. */
  readonly size: number;
  private readonly byName = new Map<string, Slot>();

  constructor(declarations: readonly SlotDeclaration[]) {
    let offset = 0;
    this.slots = declarations.map(({ name, alias = name, type, group }) => {
      const size = SIZE[type];
      offset = (offset + size - 1) & ~(size - 1);
      const slot: Slot = Object.freeze({ name, alias, type, group, offset });
      offset += size;
      this.byName.set(name, slot);
      if (alias !== name) this.byName.set(alias, slot);
      return slot;
    });
    this.size = (offset + 15) & ~15;
  }

  /** The slot of that name or ABI name; a name that does not exist is a bug of the caller's. */
  get(name: string): Slot {
    const slot = this.byName.get(name);
    if (!slot) throw new Error(`no slot named ${name}`);
    return slot;
  }

  find(name: string): Slot | undefined {
    return this.byName.get(name);
  }
}
