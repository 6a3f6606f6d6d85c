import { type AccessShape, accessShape } from '../access.ts';
import type { RamOffset } from '../addr.ts';
import type { Hart } from '../hart.ts';
import type { Instruction } from '../isa.ts';
import type { Ram } from '../memory/ram.ts';
import type { VirtualMemory } from '../virtual-memory.ts';
import { compile } from './compile.ts';
import { type Code, type Context, makeContext, TRAPPED } from './context.ts';
import type { Engine, EngineExit, Gate, TrapObserver } from './engine.ts';

/** Pages whose code a hart finds without asking its MMU: a power of two. */
const FETCH_PAGES = 64;

/** In place of a page's low half: nothing is remembered. No page begins there, and no misaligned pc looks like it. */
const NOWHERE = 0x800;

const LIMIT: EngineExit = { kind: 'limit' };
const WAITING: EngineExit = { kind: 'waiting' };

/** Decoded code of one instruction and its length in bytes. */
interface Entry {
  readonly code: Code;
  readonly length: bigint;
}

/** The decoded instructions of one physical page, by offset in fetch units. */
type CodePage = (Entry | undefined)[];

const scratch = new BigUint64Array(1);
const halves = new Int32Array(scratch.buffer);

/** A virtual page that a hart fetched from, and that page's code: good while the two epochs stand still. */
class FetchState {
  low = NOWHERE;
  high = 0;
  page: CodePage = [];
  ramPage = -1;
  contextEpoch = -1;
  tlbEpoch = -1;
}

/** What the machine gives an engine. */
export interface EngineParts {
  readonly harts: readonly Hart[];
  readonly memories: readonly VirtualMemory[];
  readonly ram: Ram;
  readonly gate: Gate | undefined;
  /** Asked at each trap, since recording may begin at any time. */
  readonly observer: () => TrapObserver | undefined;
}

/** Interprets the IR one instruction at a time. Decoded instructions are kept by physical address. */
export class ReferenceEngine implements Engine {
  private readonly parts: EngineParts;
  private readonly contexts: Context[];
  /** Of each hart, by virtual page number modulo FETCH_PAGES. */
  private readonly fetches: FetchState[][];
  private readonly unit: AccessShape;
  /** By physical page, and by code mode within. */
  private readonly pages = new Map<number, CodePage[]>();
  private readonly compiled = new WeakMap<Instruction, Entry>();

  constructor(parts: EngineParts) {
    this.parts = parts;
    this.contexts = parts.harts.map((hart, i) => makeContext(hart, parts.memories[i]));
    this.fetches = parts.harts.map(() => Array.from({ length: FETCH_PAGES }, () => new FetchState()));
    this.unit = accessShape('fetch', parts.harts[0].isa.fetchUnit);
    parts.ram.onCodeWrite = (page) => this.drop(page);
  }

  reset(): void {
    this.pages.clear();
    this.parts.ram.holdsCode.fill(0);
    for (const fetch of this.fetches.flat()) fetch.low = NOWHERE;
  }

  run(hart: Hart, limit: number): EngineExit {
    const c = this.contexts[hart.id];
    const fetches = this.fetches[hart.id];
    const { isa, u64, i32 } = hart;
    const unitShift = 31 - Math.clz32(isa.fetchUnit);
    // A misaligned pc lies in no remembered page, so that it is found out.
    const pageMask = ~0xfff | (isa.fetchUnit - 1);
    // The pc's slot, and its two halves.
    const at = isa.pc.offset >>> 3;
    const lowAt = 2 * at;
    for (let left = limit; left > 0; left--) {
      if (hart.leave) {
        hart.leave = false;
        return LIMIT;
      }
      if (hart.attention) {
        hart.attention = false;
        if (isa.interrupt(hart)) this.deliver(hart);
      }
      if (hart.waiting) return WAITING;
      const low = i32[lowAt];
      const fetch = fetches[(low >>> 12) & (FETCH_PAGES - 1)];
      let entry: Entry | undefined;
      if (
        (low & pageMask) === fetch.low &&
        i32[lowAt + 1] === fetch.high &&
        hart.contextEpoch === fetch.contextEpoch &&
        hart.tlb.epoch === fetch.tlbEpoch
      ) {
        entry = fetch.page[(low & 0xfff) >>> unitShift];
      }
      const pc = u64[at];
      c.pc = pc;
      if (entry === undefined) {
        const found = this.fetch(hart, pc, fetch);
        if (typeof found === 'number') return { kind: 'gate', offset: found };
        hart.instructions++;
        if (found === undefined) {
          hart.trapped++;
          this.deliver(hart);
          continue;
        }
        entry = found;
      } else {
        hart.instructions++;
      }
      c.next = pc + entry.length;
      if (entry.code(c) !== TRAPPED) {
        // The slot takes the address modulo 2^64.
        u64[at] = c.next;
      } else {
        hart.trapped++;
        this.deliver(hart);
      }
    }
    return LIMIT;
  }

  private deliver(hart: Hart): void {
    hart.takeTrap();
    this.parts.observer()?.(hart);
  }

  /** Finds the instruction at the pc: its entry, the gate's offset, or `undefined` and a trap. */
  private fetch(hart: Hart, pc: bigint, fetch: FetchState): Entry | number | undefined {
    const { isa, bus } = hart;
    const { gate, ram } = this.parts;
    const { unit } = this;
    if ((pc & BigInt(isa.fetchUnit - 1)) !== 0n && !isa.mmu.misaligned(hart, pc, unit)) return undefined;
    const address = isa.codeAddress ? isa.codeAddress(hart, pc) : pc;
    if (address === undefined || !isa.mmu.translate(hart, address, unit)) return undefined;
    const { pa, wholePage } = hart.translated;
    if (gate && pa >= gate.base && pa < gate.base + BigInt(gate.size)) return Number(pa - gate.base);
    const offset = ram.offset(pa, isa.fetchUnit);
    if (offset < 0) {
      isa.mmu.busFault(hart, address, unit);
      return undefined;
    }
    const mode = isa.codeMode?.(hart) ?? 0;
    const inPage = Math.min(isa.maxInstructionBytes, 4096 - Number(pc & 0xfffn));
    // Where pages of pcs are no pages of memory, nothing is remembered.
    if (wholePage && ((address ^ pc) & 0xfffn) === 0n) {
      const page = this.pageOf(ram.page(offset as RamOffset), mode);
      this.remember(hart, pc, fetch, page, ram.page(offset as RamOffset));
      const slot = Number(pc & 0xfffn) / isa.fetchUnit;
      const known = page[slot];
      if (known) return known;
      const decoded = isa.decode(ram.bytes.subarray(offset, offset + inPage), mode);
      if (typeof decoded !== 'number') {
        const entry = this.entry(hart, decoded);
        page[slot] = entry;
        return entry;
      }
    }
    return this.fetchPiecewise(hart, pc, bus.ram, mode);
  }

  /** Fetches unit by unit, each with its own translation: across pages, or where a page's rights differ within it. */
  private fetchPiecewise(hart: Hart, pc: bigint, ram: Ram, mode: number): Entry | undefined {
    const { isa } = hart;
    const { unit } = this;
    const bytes = new Uint8Array(isa.maxInstructionBytes);
    for (let length = 0, needed: number = isa.fetchUnit; ; ) {
      while (length < needed) {
        const next = BigInt.asUintN(64, pc + BigInt(length));
        const at = isa.codeAddress ? isa.codeAddress(hart, next) : next;
        if (at === undefined || !isa.mmu.translate(hart, at, unit)) return undefined;
        const offset = ram.offset(hart.translated.pa, isa.fetchUnit);
        if (offset < 0) {
          isa.mmu.busFault(hart, at, unit);
          return undefined;
        }
        bytes.set(ram.bytes.subarray(offset, offset + isa.fetchUnit), length);
        length += isa.fetchUnit;
      }
      const decoded = isa.decode(bytes.subarray(0, length), mode);
      if (typeof decoded !== 'number') return this.entry(hart, decoded);
      needed = decoded;
    }
  }

  private entry(hart: Hart, instruction: Instruction): Entry {
    let entry = this.compiled.get(instruction);
    if (!entry) {
      entry = { code: compile(instruction.block, hart.isa.helpers), length: BigInt(instruction.length) };
      this.compiled.set(instruction, entry);
    }
    return entry;
  }

  private remember(hart: Hart, pc: bigint, fetch: FetchState, page: CodePage, ramPage: number): void {
    scratch[0] = pc;
    fetch.low = halves[0] & ~0xfff;
    fetch.high = halves[1];
    fetch.page = page;
    fetch.ramPage = ramPage;
    fetch.contextEpoch = hart.contextEpoch;
    fetch.tlbEpoch = hart.tlb.epoch;
  }

  private pageOf(ramPage: number, mode: number): CodePage {
    let modes = this.pages.get(ramPage);
    if (!modes) {
      modes = [];
      this.pages.set(ramPage, modes);
      this.parts.ram.holdsCode[ramPage] = 1;
      // Fast store translations of this page must go: stores to it have to be noticed from now on.
      for (const hart of this.parts.harts) hart.contextChanged();
    }
    modes[mode] ??= new Array<Entry | undefined>(4096 / this.parts.harts[0].isa.fetchUnit).fill(undefined);
    return modes[mode];
  }

  private drop(ramPage: number): void {
    this.pages.delete(ramPage);
    this.parts.ram.holdsCode[ramPage] = 0;
    for (const fetch of this.fetches.flat()) if (fetch.ramPage === ramPage) fetch.low = NOWHERE;
  }
}
