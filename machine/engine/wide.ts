import type { Node, Scalar } from '../ir/index.ts';
import { type Code, type Context, DONE, TRAPPED, WIDE_VALUES } from './context.ts';

export type Read<T extends Scalar = Scalar> = (c: Context) => T;

/** Where 128 bits lie as four words: a slot in the state block, or a place in the context's room; words from its start. */
interface Place {
  readonly in: 'slot' | 'room';
  readonly word: number;
}

/**
 * Moves values of 128 bits between memory and slots without making bigints of them, which would be the slowest part of
 * it. Values that operations compute with are bigints all the same.
 */
export class Wide {
  private readonly places = new Map<Node, Place>();
  private readonly inlined: ReadonlySet<Node>;
  private readonly read: (node: Node) => Read;
  private used = 0;

  /** Of one block: its nodes that are evaluated where they are used, and what reads a node. */
  constructor(inlined: ReadonlySet<Node>, read: (node: Node) => Read) {
    this.inlined = inlined;
    this.read = read;
  }

  private room(): Place {
    if (this.used === WIDE_VALUES) throw new Error('too many values of 128 bits in a block');
    return { in: 'room', word: 4 * this.used++ };
  }

  /** `v128.load`, plain. */
  load(node: Node): Code {
    const address = this.read(node.args[0]) as Read<bigint>;
    const shape = node.attributes.shape!;
    const place = this.room();
    const { word } = place;
    this.places.set(node, place);
    return (c) => (c.memory.load128(address(c), shape, c.wide, word) ? DONE : TRAPPED);
  }

  /** `slot.get128`, and what a load left: as bigint. */
  value(node: Node): Read<bigint> {
    const { slot } = node.attributes;
    if (slot && this.inlined.has(node)) this.places.set(node, { in: 'slot', word: slot.offset >>> 2 });
    const place = slot ? { in: 'slot', word: slot.offset >>> 2 } : this.places.get(node)!;
    const at = place.word >>> 1;
    if (place.in === 'slot') return (c) => c.u64[at] | (c.u64[at + 1] << 64n);
    return (c) => c.wide64[at] | (c.wide64[at + 1] << 64n);
  }

  /** `v128.low` and `v128.high` of what lies somewhere; `undefined` where nothing does. */
  half(node: Node): Read<bigint> | undefined {
    const place = this.places.get(node.args[0]);
    if (!place) return undefined;
    const at = (place.word >>> 1) + (node.op === 'v128.high' ? 1 : 0);
    return place.in === 'slot' ? (c) => c.u64[at] : (c) => c.wide64[at];
  }

  /** `slot.set128`. */
  set(node: Node): Code {
    const [value] = node.args;
    const to = node.attributes.slot!.offset >>> 2;
    const place = this.places.get(value);
    if (place) {
      const { word } = place;
      const copy = (from: Int32Array, words: Int32Array): 0 => {
        words[to] = from[word];
        words[to + 1] = from[word + 1];
        words[to + 2] = from[word + 2];
        words[to + 3] = from[word + 3];
        return DONE;
      };
      return place.in === 'slot' ? (c) => copy(c.i32, c.i32) : (c) => copy(c.wide, c.i32);
    }
    const put = this.put(value);
    const at = to >>> 1;
    return (c) => put(c, c.u64, at);
  }

  /** `v128.store`. */
  store(node: Node): Code {
    const [target, value] = node.args;
    const address = this.read(target) as Read<bigint>;
    const shape = node.attributes.shape!;
    const place = this.places.get(value);
    if (place) {
      const { word } = place;
      if (place.in === 'slot') return (c) => (c.memory.store128(address(c), shape, c.i32, word) ? DONE : TRAPPED);
      return (c) => (c.memory.store128(address(c), shape, c.wide, word) ? DONE : TRAPPED);
    }
    const put = this.put(value);
    const { word } = this.room();
    return (c) => {
      put(c, c.wide64, word >>> 1);
      return c.memory.store128(address(c), shape, c.wide, word) ? DONE : TRAPPED;
    };
  }

  /** Writes a value that lies nowhere yet; one made of two halves is written as these. */
  private put(value: Node): (c: Context, halves: BigUint64Array, at: number) => 0 {
    if (value.op === 'v128.make' && this.inlined.has(value)) {
      const [low, high] = value.args.map(this.read) as Read<bigint>[];
      return (c, halves, at) => {
        // Both are taken first: they may be halves of what is written.
        const first = low(c);
        const second = high(c);
        halves[at] = first;
        halves[at + 1] = second;
        return DONE;
      };
    }
    const read = this.read(value) as Read<bigint>;
    return (c, halves, at) => {
      const bits = read(c);
      halves[at] = bits;
      halves[at + 1] = bits >> 64n;
      return DONE;
    };
  }
}
