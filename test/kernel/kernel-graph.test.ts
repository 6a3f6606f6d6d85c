import { describe, expect, it } from 'vitest';
import { decodeGraph, encodeGraph } from '../../kernel/snapshot.ts';

class Point {
  static readonly transient: readonly string[] = ['cache'];
  x: number;
  cache: string | undefined = 'made again';
  next: Point | undefined;
  constructor(x: number) {
    this.x = x;
  }
  get double(): number {
    return this.x * 2;
  }
}

const NONE = new Map<string, object>();
const copy = <T extends object>(root: T, externals = NONE): T =>
  decodeGraph(encodeGraph(root, externals, { Point }), externals, { Point }) as T;

describe('object graphs', () => {
  it('values of every kind come back', () => {
    const root = {
      big: 2n ** 64n,
      text: 'x',
      number: -0.5,
      yes: true,
      nothing: null,
      absent: undefined,
      list: [1, [2n, 'three'], {}],
      map: new Map<unknown, unknown>([
        [1n, 'one'],
        ['two', { two: 2 }],
      ]),
      set: new Set([1, 2n]),
      bytes: Uint8Array.of(1, 2, 3),
    };
    expect(copy(root)).toEqual(root);
  });

  it('an object with one field named as a reference is no reference', () => {
    expect(copy({ object: 3, undefined: true, kind: 'external' })).toEqual({
      object: 3,
      undefined: true,
      kind: 'external',
    });
  });

  it('shared and circular references stay so, also as keys', () => {
    const point = new Point(1);
    point.next = point;
    const root = { a: point, b: point, map: new Map([[point, point]]), set: new Set([point]) };
    const back = copy(root);
    expect(back.a).toBe(back.b);
    expect(back.a.next).toBe(back.a);
    expect(back.map.get(back.a)).toBe(back.a);
    expect(back.set.has(back.a)).toBe(true);
    expect(back.a).not.toBe(point);
  });

  it('objects keep their class, without its transient fields', () => {
    const back = copy({ point: new Point(21) }).point;
    expect(back).toBeInstanceOf(Point);
    expect(back.double).toBe(42);
    expect('cache' in back).toBe(false);
  });

  it('external objects are referred to by name', () => {
    const outside = { port: () => 1 };
    expect(copy({ outside }, new Map([['ports', outside]])).outside).toBe(outside);
  });

  it('a long chain is no deep recursion', () => {
    let head: Point | undefined;
    for (let i = 0; i < 100_000; i++) {
      const point = new Point(i);
      point.next = head;
      head = point;
    }
    expect(copy({ head }).head?.next?.x).toBe(99_998);
  });

  it.each([
    ['a function', { f: () => 1 }, /hold a function/],
    ['a symbol', { s: Symbol('s') }, /hold a symbol/],
    ['an unknown class', { d: new WeakMap() }, /hold a WeakMap/],
  ])('%s is refused', (_, root, message) => {
    expect(() => encodeGraph(root, NONE)).toThrow(message);
  });

  it('a snapshot that names what is not there is refused', () => {
    const saved = encodeGraph({ point: new Point(1) }, NONE, { Point });
    expect(() => decodeGraph(saved, NONE)).toThrow(/holds a Point/);
    const outside = {};
    const referring = encodeGraph({ outside }, new Map([['ports', outside]]));
    expect(() => decodeGraph(referring, NONE)).toThrow(/refers to ports/);
  });
});
