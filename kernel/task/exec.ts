import { type ElfImage, type Segment, SymbolTable } from '../../machine/index.ts';
import { AT, CLK_TCK } from '../abi/auxv.ts';
import { LinuxError } from '../abi/errno.ts';
import { encodeUtf8 } from '../abi/utf8.ts';
import type { UserContext } from '../arch/arch.ts';
import { AddressSpace } from '../mm/address-space.ts';
import type { Memory } from '../mm/memory.ts';
import { canonical } from '../mm/page-table.ts';
import { LoadError } from './load-error.ts';
import type { Random } from './random.ts';
import { type AuxValue, buildStack } from './stack.ts';
import type { Program } from './task.ts';

const PAGE = 4096n;
/** Stack mapped at the start beyond what arguments take; the rest grows on demand. */
const STACK_RESERVE = 32n * 1024n;
/** Most bytes of arguments and environment, pointers included: a quarter of the stack, as Linux has it. */
const ARGUMENTS_MAX = 2 * 1024 * 1024;

const pageDown = (address: bigint): bigint => address & ~(PAGE - 1n);
const pageUp = (address: bigint): bigint => pageDown(address + PAGE - 1n);
const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** A program in memory, ready to be entered. */
export interface Loaded {
  readonly space: AddressSpace;
  readonly context: UserContext;
  readonly program: Program;
}

/** What to start. Throws LoadError, with nothing left behind. */
export function load(
  memory: Memory,
  image: ElfImage,
  argv: readonly string[],
  envp: readonly string[],
  random: Random,
): Loaded {
  const exe = argv[0] ?? '';
  const bias = check(memory, image);
  const random16 = random.bytes(16);
  if ([...argv, ...envp].some((text) => text.includes('\0'))) throw new LoadError('an argument holds a zero byte');
  const space = outOfMemory(() => new AddressSpace(memory));
  try {
    outOfMemory(() => {
      const loads = image.segments.filter(({ kind, memorySize }) => kind === 'load' && memorySize > 0);
      for (const segment of loads) mapSegment(space, segment, bias);
      const last = loads.reduce((a, b) => (b.vaddr > a.vaddr ? b : a));
      space.setHeap(last.vaddr + BigInt(last.memorySize) + bias);
    });
    const stack = buildStack(memory.layout.stackTop, argv, envp, auxiliary(memory, image, bias, exe, random16));
    if (stack.bytes.length > ARGUMENTS_MAX)
      throw new LoadError(`arguments and environment exceed ${ARGUMENTS_MAX} bytes`);
    // PT_GNU_STACK: without one, or without its execute flag, code on the stack does not run.
    const execute = image.segments.some((segment) => segment.kind === 'gnu-stack' && segment.execute);
    outOfMemory(() => fillStack(space, stack.pointer, stack.bytes, execute));
    return {
      space,
      context: memory.arch.newContext(BigInt.asUintN(64, image.entry + bias), stack.pointer),
      program: { exe: absolute(exe), symbols: new SymbolTable(image), bias },
    };
  } catch (error) {
    space.destroy();
    throw error;
  }
}

/** What /proc/self/exe links to: an absolute path, as glibc insists. The guest's working directory is its root. */
function absolute(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return path.startsWith('/') ? path : `/${parts.join('/')}`;
}

/** Refuses what cannot be run; returns how far above its link addresses the image is placed. */
function check({ arch, format, layout }: Memory, image: ElfImage): bigint {
  if (image.machine !== arch.isa.elfMachine)
    throw new LoadError(`not a program for ${arch.isa.name}: e_machine ${image.machine}`);
  if (image.interpreter !== undefined) {
    throw new LoadError(`dynamically linked (it wants ${image.interpreter}): only static programs run`);
  }
  if (image.needsLibraries) throw new LoadError('it needs shared libraries: only static programs run');
  const bias = image.type === 'executable' ? 0n : layout.pieBase;
  const entry = BigInt.asUintN(64, image.entry + bias);
  if (arch.canonicalEntry && !canonical(format, entry)) throw new LoadError(`entry ${hex(entry)} is not canonical`);
  const loads = image.segments.filter(({ kind, memorySize }) => kind === 'load' && memorySize > 0);
  let reached: Segment | undefined;
  for (const segment of [...loads].sort((a, b) => (a.vaddr < b.vaddr ? -1 : 1))) {
    const start = pageDown(segment.vaddr) + bias;
    const end = segment.vaddr + BigInt(segment.memorySize) + bias;
    const where = `program header ${segment.index}: segment at ${hex(segment.vaddr + bias)}–${hex(end)}`;
    if (end > layout.kernelStart || start >= layout.kernelStart)
      throw new LoadError(`${where} reaches into the kernel half`);
    if (start < layout.userStart || pageUp(end) > layout.userEnd) {
      throw new LoadError(`${where} lies outside the user range ${hex(layout.userStart)}–${hex(layout.userEnd)}`);
    }
    if (pageUp(end) > layout.mmapTop) throw new LoadError(`${where} lies where the stack goes`);
    if (reached && pageUp(reached.vaddr + BigInt(reached.memorySize)) + bias > start) {
      throw new LoadError(`${where} shares a page with that of program header ${reached.index}`);
    }
    reached = segment;
  }
  return bias;
}

/** The part in the file over the image's bytes, then zeroes: an area each, as far as whole pages go. */
function mapSegment(space: AddressSpace, segment: Segment, bias: bigint): void {
  const { read, write, execute, bytes, vaddr } = segment;
  const rights = { read, write, execute, user: true };
  const start = pageDown(vaddr + bias);
  const head = Number(vaddr + bias - start);
  const end = pageUp(vaddr + bias + BigInt(segment.memorySize));
  const fileEnd = segment.fileSize === 0 ? start : pageUp(vaddr + bias + BigInt(segment.fileSize));
  const name = execute ? 'text' : write ? 'data' : 'rodata';
  if (fileEnd > start) {
    space.map({
      kind: 'image',
      name,
      rights,
      backing: { kind: 'image', file: bytes, offset: -head, length: head + segment.fileSize, bus: false },
      shared: false,
      length: fileEnd - start,
      place: { how: 'fixed-new', address: start },
    });
  }
  if (end > fileEnd) {
    space.map({
      kind: 'anonymous',
      name: 'bss',
      rights,
      backing: { kind: 'zero' },
      shared: false,
      length: end - fileEnd,
      place: { how: 'fixed-new', address: fileEnd },
    });
  }
}

function fillStack(space: AddressSpace, pointer: bigint, bytes: Uint8Array, execute: boolean): void {
  const { layout, physical } = space.memory;
  const area = space.mapStack(layout.stackTop - pageDown(pointer) + STACK_RESERVE, execute);
  for (let page = pageDown(pointer); page < layout.stackTop; page += PAGE) {
    space.fill(area, page, true);
    const frame = space.frameAt(page);
    if (frame === undefined) throw new Error('a filled page has no frame');
    const from = page > pointer ? page : pointer;
    const at = Number(from - pointer);
    physical.write(frame, Number(from - page), bytes.subarray(at, at + Number(page + PAGE - from)));
  }
}

function auxiliary(
  { arch }: Memory,
  image: ElfImage,
  bias: bigint,
  exe: string,
  random: Uint8Array,
): (readonly [bigint, AuxValue])[] {
  const { address, entrySize, count } = image.programHeaders;
  const string = (text: string): Uint8Array => Uint8Array.from([...encodeUtf8(text), 0]);
  const headers: (readonly [bigint, AuxValue])[] =
    address === undefined
      ? []
      : [
          [AT.PHDR, address + bias],
          [AT.PHENT, BigInt(entrySize)],
          [AT.PHNUM, BigInt(count)],
        ];
  return [
    [AT.HWCAP, arch.hwcap],
    ...(arch.hwcap2 === undefined ? [] : [[AT.HWCAP2, arch.hwcap2] as const]),
    [AT.PAGESZ, PAGE],
    [AT.CLKTCK, CLK_TCK],
    ...headers,
    [AT.BASE, 0n],
    [AT.FLAGS, 0n],
    [AT.ENTRY, BigInt.asUintN(64, image.entry + bias)],
    [AT.UID, 0n],
    [AT.EUID, 0n],
    [AT.GID, 0n],
    [AT.EGID, 0n],
    [AT.SECURE, 0n],
    [AT.RANDOM, random],
    [AT.EXECFN, string(exe)],
    ...(arch.platform === '' ? [] : [[AT.PLATFORM, string(arch.platform)] as const]),
  ];
}

function outOfMemory<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LinuxError && error.message === 'ENOMEM')
      throw new LoadError('memory too small for the program');
    if (error instanceof LinuxError) throw new LoadError(`the program cannot be mapped: ${error.message}`);
    throw error;
  }
}
