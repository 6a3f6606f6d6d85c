/**
 * Who may import whom, as design.md orders the layers. The first rule whose `of` matches a file decides: it may import
 * files that match one of `may`, and npm packages that are named. Within its own folder a file may import anything that
 * its own rule covers.
 */
export interface Layer {
  readonly of: RegExp;
  readonly may: readonly RegExp[];
  readonly packages?: readonly (string | RegExp)[];
}

const TYPES = /^machine\/(addr|access|trap|walk|clock|saved)\.ts$/;
const MEMORY = /^machine\/memory\//;
const TLB = /^machine\/(tlb|fast-tlb)\.ts$/;
const DECODE = /^machine\/decode\//;
const IR = /^machine\/ir\//;
const FLOAT = /^machine\/float\//;
/** What targets and engines share: the target's interface, a hart, and a hart's path to memory. */
const ISA = /^machine\/(isa|hart|virtual-memory)\.ts$/;
const DEVICES = /^machine\/devices\//;
const ENGINE = /^machine\/engine\//;
const IMAGE = /^machine\/image\//;
/** A program's form, without how it is read. */
const IMAGE_FORM = /^machine\/image\/image\.ts$/;
const TARGET = (name: string) => new RegExp(`^machine/${name}/`);

const KERNEL_WORDS = /^kernel\/(record|options)\.ts$/;
const DOOR = /^machine\/index\.ts$/;
const kernel = (folder: string) => new RegExp(`^kernel/${folder}/`);
const KERNEL_TOP = /^kernel\/[a-z-]+\.ts$/;

const MACHINE_BASE = [TYPES, MEMORY, TLB, DECODE, IR];
const KERNEL_BASE = [KERNEL_WORDS, DOOR];

export const LAYERS: readonly Layer[] = [
  { of: TYPES, may: [TYPES, MEMORY] },
  { of: MEMORY, may: [TYPES, MEMORY] },
  { of: TLB, may: [TYPES, MEMORY] },
  { of: IR, may: [TYPES, IR] },
  { of: DECODE, may: [TYPES, IR, DECODE] },
  { of: FLOAT, may: [FLOAT] },
  { of: IMAGE_FORM, may: [] },
  { of: ISA, may: [...MACHINE_BASE, ISA, IMAGE_FORM] },
  { of: DEVICES, may: [TYPES, MEMORY, DEVICES] },
  { of: ENGINE, may: [...MACHINE_BASE, ISA, ENGINE] },
  { of: IMAGE, may: [TYPES, MEMORY, ISA, IMAGE, /^machine\/machine\.ts$/], packages: ['binary-parser'] },
  ...['riscv', 'aarch64', 'x86'].map((name) => ({
    of: TARGET(name),
    may: [...MACHINE_BASE, ISA, IMAGE_FORM, FLOAT, DEVICES, TARGET(name)],
  })),
  { of: /^machine\/targets\.ts$/, may: [ISA, /^machine\/(riscv|aarch64|x86)\/isa\.ts$/] },
  { of: /^machine\/machine\.ts$/, may: [...MACHINE_BASE, ISA, ENGINE, IR] },
  { of: DOOR, may: [/^machine\//] },

  { of: KERNEL_WORDS, may: [DOOR, KERNEL_WORDS] },
  { of: kernel('abi'), may: [...KERNEL_BASE, kernel('abi')] },
  ...['riscv', 'aarch64', 'x86'].map((name) => ({
    of: kernel(`arch/${name}`),
    may: [...KERNEL_BASE, kernel('abi'), /^kernel\/arch\/arch\.ts$/, kernel(`arch/${name}`)],
  })),
  { of: /^kernel\/arch\/targets\.ts$/, may: [/^kernel\/arch\//, DOOR] },
  { of: kernel('arch'), may: [...KERNEL_BASE, kernel('abi'), /^kernel\/arch\/arch\.ts$/] },
  { of: kernel('mm'), may: [...KERNEL_BASE, kernel('abi'), /^kernel\/arch\/(arch|targets)\.ts$/, kernel('mm')] },
  {
    of: kernel('task'),
    may: [
      ...KERNEL_BASE,
      kernel('abi'),
      /^kernel\/arch\/(arch|targets)\.ts$/,
      kernel('mm'),
      kernel('task'),
      kernel('fs'),
    ],
  },
  { of: kernel('fs'), may: [...KERNEL_BASE, kernel('abi'), kernel('mm'), kernel('fs')] },
  {
    of: kernel('syscall'),
    may: [
      ...KERNEL_BASE,
      kernel('abi'),
      /^kernel\/arch\/(arch|targets)\.ts$/,
      kernel('mm'),
      kernel('task'),
      kernel('fs'),
      kernel('syscall'),
    ],
  },
  { of: KERNEL_TOP, may: [DOOR, /^kernel\//] },

  {
    of: /^tools\//,
    may: [DOOR, /^kernel\/index\.ts$/, /^tools\//, /^package\.json$/],
    packages: [/^node:/, 'yargs', 'yargs/helpers'],
  },
];
