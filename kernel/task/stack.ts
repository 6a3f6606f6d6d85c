import { encodeUtf8 } from '../abi/utf8.ts';

/** The first contents of a process's stack. */
export interface InitialStack {
  /** Where the stack pointer starts: a multiple of 16, argc at it. */
  readonly pointer: bigint;
  /** What lies from `pointer` up to the stack's top. */
  readonly bytes: Uint8Array;
}

/** Auxiliary vector entries; an entry's value is a number, or bytes of which it holds the address. */
export type AuxValue = bigint | Uint8Array;

/**
 * Lays out argc, argv, envp and the auxiliary vector below `top`, strings and other bytes above them (Linux's
 * arrangement; psABI "Process Initialization").
 */
export function buildStack(
  top: bigint,
  argv: readonly string[],
  envp: readonly string[],
  auxv: readonly (readonly [type: bigint, value: AuxValue])[],
): InitialStack {
  const parts: { at: bigint; bytes: Uint8Array }[] = [];
  // The last word is zero, as Linux leaves it.
  let at = top - 8n;
  const place = (bytes: Uint8Array): bigint => {
    at -= BigInt(bytes.length);
    parts.push({ at, bytes });
    return at;
  };
  const string = (text: string): Uint8Array => Uint8Array.from([...encodeUtf8(text), 0]);
  // Upwards in memory: argv's strings, then envp's.
  const environment = envp
    .toReversed()
    .map((text) => place(string(text)))
    .toReversed();
  const args = argv
    .toReversed()
    .map((text) => place(string(text)))
    .toReversed();
  at &= ~15n;
  const aux = auxv.flatMap(([type, value]) => [type, typeof value === 'bigint' ? value : place(value)]);
  const words = [BigInt(argv.length), ...args, 0n, ...environment, 0n, ...aux, 0n, 0n];
  const pointer = (at - BigInt(words.length * 8)) & ~15n;
  const bytes = new Uint8Array(Number(top - pointer));
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setBigUint64(i * 8, word, true);
  });
  for (const part of parts) bytes.set(part.bytes, Number(part.at - pointer));
  return { pointer, bytes };
}
