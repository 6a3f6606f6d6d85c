import { describe, expect, it } from 'vitest';
import { O_DIRECTORY, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT } from '../../kernel/abi/files.ts';
import { DESCRIPTORS_MAX, Descriptors } from '../../kernel/fs/descriptors.ts';
import { OpenFile } from '../../kernel/fs/file.ts';
import { PIPE_BUF, PIPE_CAPACITY, Pipe } from '../../kernel/fs/pipe.ts';
import { StandardInput } from '../../kernel/fs/terminal.ts';
import { TinyTree } from '../../kernel/fs/tree.ts';

const tree = new TinyTree({ bytes: (count) => new Uint8Array(count).fill(7) });
const self = { exe: '/bin/me' };
const outcome = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
};

describe('path_resolution(7)', () => {
  it.each<[path: string, follow: boolean, result: number | string]>([
    ['/', true, S_IFDIR],
    ['.', true, S_IFDIR],
    ['..', true, S_IFDIR],
    ['/../..', true, S_IFDIR],
    ['dev', true, S_IFDIR],
    ['/dev/', true, S_IFDIR],
    ['//dev//.//null', true, S_IFCHR],
    ['/dev/../dev/zero', true, S_IFCHR],
    ['/dev/null/', true, 'ENOTDIR'],
    ['/dev/null/..', true, 'ENOTDIR'],
    ['/dev/nothing', true, 'ENOENT'],
    ['/nothing/..', true, 'ENOENT'],
    ['', true, 'ENOENT'],
    ['/proc/self/exe', false, S_IFLNK],
    ['/proc/self/exe', true, 'ENOENT'],
    ['/proc/self/exe/', false, 'ENOENT'],
    [`/${'x'.repeat(256)}`, true, 'ENAMETOOLONG'],
    ['/constructor', true, 'ENOENT'],
    ['/__proto__', true, 'ENOENT'],
  ])('%s (follow: %s) is %s', (path, follow, result) => {
    expect(outcome(() => tree.stat(path, follow, self).mode & S_IFMT)).toBe(result);
  });

  it('a link that leads to itself is given up: ELOOP', () => {
    expect(outcome(() => tree.stat('/proc/self/exe', true, { exe: '/proc/self/exe' }))).toBe('ELOOP');
  });

  it('links hold what the process was started as', () => {
    expect(tree.readLink('/proc/self/exe', self)).toBe('/bin/me');
  });
});

describe('devices', () => {
  it('/dev/null takes all and gives nothing, /dev/zero gives zeroes', () => {
    const none = tree.open('/dev/null', 2, self).node;
    expect(none.write(Uint8Array.of(1, 2, 3))).toBe(3);
    expect(none.peek(10)).toEqual(new Uint8Array(0));
    expect(tree.open('/dev/zero', 0, self).node.peek(3)).toEqual(new Uint8Array(3));
  });

  it('directories can be opened, not read', () => {
    const root = tree.open('/', O_DIRECTORY, self).node;
    expect(outcome(() => root.peek(1))).toBe('EISDIR');
  });
});

describe('pipe(7)', () => {
  const ends = () => {
    const pipe = new Pipe(1);
    const reader = new OpenFile(pipe, { readable: true, writable: false });
    const writer = new OpenFile(pipe, { readable: false, writable: true });
    reader.hold();
    writer.hold();
    return { pipe, reader, writer };
  };

  it('bytes come out as they went in, across chunks', () => {
    const { pipe } = ends();
    pipe.write(Uint8Array.of(1, 2, 3));
    pipe.write(Uint8Array.of(4, 5));
    expect(pipe.peek(4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    pipe.consume(4);
    expect(pipe.peek(4)).toEqual(Uint8Array.of(5));
  });

  it('empty: wait while there are writers, end when there are none', () => {
    const { pipe, writer } = ends();
    expect(pipe.peek(1)).toBe(pipe);
    writer.release();
    expect(pipe.peek(1)).toEqual(new Uint8Array(0));
  });

  it('full: a short write waits for room for all of it, a long one puts in what goes', () => {
    const { pipe } = ends();
    expect(pipe.write(new Uint8Array(PIPE_CAPACITY - 10))).toBe(PIPE_CAPACITY - 10);
    expect(pipe.write(new Uint8Array(PIPE_BUF))).toBe(pipe);
    expect(pipe.write(new Uint8Array(PIPE_BUF + 1))).toBe(10);
    expect(pipe.write(Uint8Array.of(1))).toBe(pipe);
  });

  it('no readers: EPIPE', () => {
    const { pipe, reader } = ends();
    reader.release();
    expect(outcome(() => pipe.write(Uint8Array.of(1)))).toBe('EPIPE');
  });
});

describe('descriptors', () => {
  const file = () => new OpenFile(new Pipe(1), { readable: true, writable: true });

  it('the lowest free one is given, up to the limit', () => {
    const files = new Descriptors();
    for (let fd = 0; fd < DESCRIPTORS_MAX; fd++) expect(files.add(file(), false)).toBe(fd);
    expect(outcome(() => files.add(file(), false))).toBe('EMFILE');
    files.close(7);
    expect(files.add(file(), false)).toBe(7);
  });

  it('copies share the file, which closes with its last descriptor', () => {
    const pipe = new Pipe(1);
    const files = new Descriptors();
    files.add(new OpenFile(pipe, { readable: true, writable: true }), false);
    const copy = files.copy();
    files.closeAll();
    expect(pipe.write(Uint8Array.of(1))).toBe(1);
    copy.closeAll();
    expect(outcome(() => pipe.write(Uint8Array.of(1)))).toBe('EPIPE');
  });

  it('putting a file over its own descriptor keeps it open', () => {
    const pipe = new Pipe(1);
    const files = new Descriptors();
    const one = new OpenFile(pipe, { readable: true, writable: true });
    files.add(one, false);
    files.replace(0, one, true);
    expect(pipe.write(Uint8Array.of(1))).toBe(1);
    expect(files.entry(0).closeOnExec).toBe(true);
  });
});

describe('standard input', () => {
  it('keeps what was not taken, and remembers the end', () => {
    const given: (Uint8Array | 'wait' | 'end')[] = ['wait', Uint8Array.of(1, 2, 3), 'end'];
    const input = new StandardInput({ output: () => {}, input: () => given.shift() ?? 'wait' });
    expect(input.peek(2)).toBe(input);
    expect(input.peek(2)).toEqual(Uint8Array.of(1, 2));
    input.consume(1);
    expect(input.peek(9)).toEqual(Uint8Array.of(2, 3));
    input.consume(2);
    expect(input.peek(1)).toEqual(new Uint8Array(0));
    expect(input.peek(1)).toEqual(new Uint8Array(0));
  });
});
