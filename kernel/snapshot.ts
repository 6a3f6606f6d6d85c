import { type Saved, SymbolTable } from '../machine/index.ts';
import { Descriptors } from './fs/descriptors.ts';
import { OpenFile } from './fs/file.ts';
import { Pipe } from './fs/pipe.ts';
import { StandardInput, StandardOutput } from './fs/terminal.ts';
import { Device, Directory, TinyTree } from './fs/tree.ts';
import { Area } from './mm/area.ts';
import { AreaSet } from './mm/area-set.ts';
import { AddressSpace, FrameAllocator, KernelHalf, Memory, PageTable, PhysicalMemory } from './mm/index.ts';
import { Random } from './task/random.ts';
import { Scheduler } from './task/scheduler.ts';
import { SignalState } from './task/signals.ts';
import { Task } from './task/task.ts';
import { Tasks } from './task/tasks.ts';

/** A class whose objects a snapshot may hold. Its `transient` fields are left out; whoever restores puts them back. */
interface Registered {
  readonly name: string;
  readonly prototype: object;
  readonly transient?: readonly string[];
}

/** By a name of our own, since a bundler may change those of classes. */
const CLASSES: Readonly<Record<string, Registered>> = {
  AddressSpace,
  Area,
  AreaSet,
  Descriptors,
  Device,
  Directory,
  FrameAllocator,
  KernelHalf,
  Memory,
  OpenFile,
  PageTable,
  PhysicalMemory,
  Pipe,
  Random,
  Scheduler,
  SignalState,
  StandardInput,
  StandardOutput,
  SymbolTable,
  Task,
  Tasks,
  TinyTree,
};

/** Objects that stay outside a snapshot, by the name under which it refers to them. */
export type Externals = ReadonlyMap<string, object>;
/** Classes that the caller adds. */
export type Classes = Readonly<Record<string, Registered>>;

type Node =
  | { readonly kind: 'external'; readonly name: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'array' | 'set'; readonly items: readonly Saved[] }
  | { readonly kind: 'map'; readonly items: readonly (readonly [Saved, Saved])[] }
  | { readonly kind: 'object'; readonly class: string; readonly fields: { readonly [name: string]: Saved } };

/**
 * Everything reachable from `root`, shared and circular references kept: plain objects, arrays, maps, sets, bytes,
 * bigints and objects of registered classes. Anything else is a bug of ours, and throws.
 */
export function encodeGraph(root: object, externals: Externals, more: Classes = {}): Saved {
  const names = new Map<object, string>(
    Object.entries({ ...CLASSES, ...more }).map(([name, { prototype }]) => [prototype, name]),
  );
  const outside = new Map([...externals].map(([name, object]) => [object, name]));
  const numbers = new Map<object, number>();
  const order: object[] = [];
  const value = (from: unknown): Saved => {
    switch (typeof from) {
      case 'undefined':
        return { undefined: true };
      case 'boolean':
      case 'number':
      case 'string':
      case 'bigint':
        return from;
      case 'object': {
        if (from === null) return null;
        let number = numbers.get(from);
        if (number === undefined) {
          number = order.length;
          numbers.set(from, number);
          order.push(from);
        }
        return { object: number };
      }
      default:
        throw new Error(`a snapshot cannot hold a ${typeof from}`);
    }
  };
  const node = (from: object): Node => {
    const external = outside.get(from);
    if (external !== undefined) return { kind: 'external', name: external };
    if (from instanceof Uint8Array) return { kind: 'bytes', bytes: new Uint8Array(from) };
    if (Array.isArray(from)) return { kind: 'array', items: Array.from(from, value) };
    if (from instanceof Set) return { kind: 'set', items: [...from].map(value) };
    if (from instanceof Map) return { kind: 'map', items: [...from].map(([key, item]) => [value(key), value(item)]) };
    const prototype: unknown = Object.getPrototypeOf(from);
    const name = prototype === Object.prototype ? '' : names.get(prototype as object);
    if (name === undefined) throw new Error(`a snapshot cannot hold a ${from.constructor.name}`);
    const skipped = (from.constructor as unknown as Registered).transient ?? [];
    const fields = Object.entries(from).filter(([field]) => !skipped.includes(field));
    return {
      kind: 'object',
      class: name,
      fields: Object.fromEntries(fields.map(([field, item]) => [field, value(item)])),
    };
  };
  value(root);
  const nodes: Saved[] = [];
  for (let i = 0; i < order.length; i++) nodes.push(node(order[i]) as unknown as Saved);
  return nodes;
}

/** What `encodeGraph` saved, made anew; external objects are the ones given. */
export function decodeGraph(saved: Saved, externals: Externals, more: Classes = {}): object {
  const classes: Classes = { ...CLASSES, ...more };
  const nodes = saved as unknown as readonly Node[];
  const objects = nodes.map((node) => shell(node, externals, classes));
  const value = (from: Saved): unknown => {
    if (from === null || typeof from !== 'object') return from;
    const reference = from as { readonly object?: number };
    return reference.object === undefined ? undefined : objects[reference.object];
  };
  nodes.forEach((node, i) => {
    const object = objects[i];
    if (node.kind === 'array') (object as unknown[]).push(...node.items.map(value));
    else if (node.kind === 'object') {
      for (const [field, item] of Object.entries(node.fields)) (object as Record<string, unknown>)[field] = value(item);
    }
  });
  // Keys may be objects, so maps and sets come last.
  nodes.forEach((node, i) => {
    const object = objects[i];
    if (node.kind === 'set') for (const item of node.items) (object as Set<unknown>).add(value(item));
    else if (node.kind === 'map') {
      for (const [key, item] of node.items) (object as Map<unknown, unknown>).set(value(key), value(item));
    }
  });
  return objects[0];
}

function shell(node: Node, externals: Externals, classes: Classes): object {
  switch (node.kind) {
    case 'external': {
      const found = externals.get(node.name);
      if (!found) throw new Error(`the snapshot refers to ${node.name}`);
      return found;
    }
    case 'bytes':
      return new Uint8Array(node.bytes);
    case 'array':
      return [];
    case 'set':
      return new Set();
    case 'map':
      return new Map();
    case 'object': {
      if (node.class === '') return {};
      const found = classes[node.class];
      if (!found) throw new Error(`the snapshot holds a ${node.class}`);
      return Object.create(found.prototype) as object;
    }
  }
}
