import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../kernel/arch/targets.ts';
import { type KernelOptions, LoadError } from '../../kernel/index.ts';
import { buildStack } from '../../kernel/task/stack.ts';
import type { ElfImage, Segment } from '../../machine/index.ts';
import { assembly, bare, boot, CODE, DATA, finish, program } from './boot.ts';

const moved = (segment: Segment, vaddr: bigint): Segment => ({ ...segment, vaddr });

describe.each(ARCHES)('programs that cannot be started, on $isa.name: one line that says why', ({ isa, modes }) => {
  const base = program(assembly(isa).syscall('exit_group', 0), undefined, isa);
  const [text, data] = base.segments;
  const [{ layout }] = modes;

  it.each<[what: string, change: Partial<ElfImage>, message: RegExp]>([
    ['another machine', { machine: 2 }, new RegExp(`^not a program for ${isa.name}: e_machine 2$`)],
    ['dynamic', { interpreter: '/lib/ld-linux.so.1' }, /^dynamically linked \(it wants \/lib\/ld-linux\.so\.1\)/],
    ['libraries', { needsLibraries: true }, /^it needs shared libraries/],
    ['kernel half', { segments: [moved(text, layout.kernelStart)] }, /^program header 0: .* kernel half$/],
    [
      'into the kernel half',
      { segments: [{ ...text, memorySize: 2 ** 53 - 1, vaddr: layout.kernelStart - 4096n }] },
      /kernel half$/,
    ],
    ['above the user half', { segments: [moved(text, layout.userEnd)] }, /outside the user range/],
    ['page 0', { segments: [moved(text, 0n)] }, /outside the user range 0x1000–/],
    ['over the stack', { segments: [moved(text, layout.stackTop - 4096n)] }, /lies where the stack goes$/],
    [
      'a shared page',
      { segments: [text, moved(data, CODE + 0x800n)] },
      /^program header 1: .* shares a page with that of program header 0$/,
    ],
  ])('%s', (_, change, message) => {
    const { kernel } = bare({ isa });
    expect(() => kernel.spawn({ ...base, ...change }, ['x'], [])).toThrow(LoadError);
    expect(() => kernel.spawn({ ...base, ...change }, ['x'], [])).toThrow(message);
    // Nothing is left behind: another program starts as if nothing had happened.
    kernel.spawn(base, ['x'], []);
    expect(kernel.run(1000)).toMatchObject({ kind: 'exited', status: 0 });
  });

  it('arguments that no stack holds, or with a zero byte', () => {
    const { kernel } = bare({ isa });
    expect(() => kernel.spawn(base, ['x'.repeat(3 << 20)], [])).toThrow(
      /^arguments and environment exceed 2097152 bytes$/,
    );
    expect(() => kernel.spawn(base, ['a\0b'], [])).toThrow(/zero byte/);
  });

  it('too little memory, page by page until there is enough', () => {
    const outcomes = Array.from({ length: 24 }, (_, i) => {
      try {
        const result = finish(boot(base, { memory: 4096 * (i + 1) }));
        return result.kind === 'exited' ? result.status : result.kind;
      } catch (error) {
        expect(error).toBeInstanceOf(LoadError);
        return (error as Error).message;
      }
    });
    const stages = outcomes.filter((outcome, i) => outcome !== outcomes[i - 1]);
    // Between a program that cannot be loaded and one that runs lies one that is killed for want of a frame.
    expect(stages).toEqual(['memory too small for the kernel', 'memory too small for the program', 137, 0]);
  });

  it('under veridian a segment that does not fit is refused before anything runs', () => {
    const large = {
      ...base,
      segments: [text, { ...data, memorySize: 32 << 20, fileSize: 8 << 20, bytes: new Uint8Array(8 << 20) }],
    };
    const options: Partial<KernelOptions> = { memory: 4 << 20 };
    expect(() => boot(large, { ...options, policy: 'veridian' })).toThrow(/^memory too small for the program$/);
    expect(finish(boot(large, options))).toMatchObject({ kind: 'exited', status: 0 });
  });
});

describe('the first contents of the stack', () => {
  const { pointer, bytes } = buildStack(
    0x8000n,
    ['a', 'bc'],
    ['E=1'],
    [
      [6n, 4096n],
      [25n, Uint8Array.of(1, 2, 3, 4)],
    ],
  );
  const view = new DataView(bytes.buffer);
  const word = (i: number) => view.getBigUint64(i * 8, true);
  const text = (address: bigint) => {
    const from = Number(address - pointer);
    return Buffer.from(bytes.subarray(from, bytes.indexOf(0, from))).toString();
  };

  it('argc, argv, envp and the auxiliary vector, at a multiple of 16', () => {
    expect(pointer % 16n).toBe(0n);
    expect(pointer + BigInt(bytes.length)).toBe(0x8000n);
    expect(word(0)).toBe(2n);
    expect([text(word(1)), text(word(2)), word(3)]).toEqual(['a', 'bc', 0n]);
    expect([text(word(4)), word(5)]).toEqual(['E=1', 0n]);
    expect([word(6), word(7), word(8)]).toEqual([6n, 4096n, 25n]);
    const at = Number(word(9) - pointer);
    expect([...bytes.subarray(at, at + 4)]).toEqual([1, 2, 3, 4]);
    expect([word(10), word(11)]).toEqual([0n, 0n]);
  });

  it('strings follow each other upwards, argv before envp', () => {
    expect(word(2) - word(1)).toBe(2n);
    expect(word(4) - word(2)).toBe(3n);
  });

  it.each(Array.from({ length: 9 }, (_, i) => i))('%d arguments leave the pointer aligned', (count) => {
    const built = buildStack(
      0x8000n,
      Array.from({ length: count }, () => 'x'),
      [],
      [[6n, 1n]],
    );
    expect(built.pointer % 16n).toBe(0n);
  });
});

describe.each(ARCHES)('writable segments on $isa.name', ({ isa }) => {
  const { syscall } = assembly(isa);
  it.each(['corrected', 'veridian'] as const)('%s: what a process stores does not reach the image', (policy) => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    const image = program(
      [
        ...syscall('getrandom', Number(DATA), 64, 0),
        ...syscall('write', 1, Number(DATA), 64),
        ...syscall('exit_group', 0),
      ],
      bytes,
      isa,
    );
    const booted = boot(image, { policy });
    expect(finish(booted)).toMatchObject({ kind: 'exited', status: 0 });
    expect(booted.out[1]).toHaveLength(64);
    expect(Buffer.from(booted.out[1], 'latin1').equals(Buffer.from(bytes))).toBe(false);
    expect([...image.segments[1].bytes]).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });
});
