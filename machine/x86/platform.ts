import { ramOffset } from '../addr.ts';
import { Uart16550 } from '../devices/uart16550.ts';
import type { Hart } from '../hart.ts';
import { ElfError, type ElfImage } from '../image/image.ts';
import type { PlatformServices } from '../isa.ts';
import { APIC_PAGE, APIC_SIZE, Apics } from './apic.ts';
import { CR0, CR4 } from './control.ts';
import { EXIT_PORTS, ExitPort } from './exit-port.ts';
import { coveredBy, freePages } from './free-memory.ts';
import { updateMode } from './mode.ts';
import { BOOT_MAGIC, loadByAddresses, multibootHeader, writeBootInformation } from './multiboot.ts';
import { RAX, RBX, RSP, SLOTS } from './registers.ts';
import { CODE_64_ATTRIBUTES, loadFlatSegments } from './reset.ts';
import { keepServices } from './services.ts';

/** I/O ports of the platform, those of a PC's first serial line and of QEMU's isa-debug-exit. */
export const UART_PORT = 0x3f8;
const UART_PORTS = 8;
export const EXIT_PORT = 0xf4;

/** Puts the devices on the bus. The UART's interrupt goes nowhere: it must be polled. */
export function attachPlatform(services: PlatformServices): void {
  keepServices(services);
  const { bus } = services;
  bus.open = true;
  bus.attach(APIC_PAGE, APIC_SIZE, new Apics(services));
  bus.attachPorts(UART_PORT, UART_PORTS, new Uart16550(services));
  bus.attachPorts(EXIT_PORT, EXIT_PORTS, new ExitPort(services));
}

/**
 * Hart 0 starts at the image's entry; the others wait for ever, since what would start them begins in real-address mode.
 * An image with a multiboot header starts as that protocol says, any other in long mode.
 */
export function startBare(hart: Hart, entry: bigint, image?: ElfImage): void {
  if (hart.id !== 0) {
    hart.waiting = true;
    return;
  }
  hart.set32(SLOTS.get('gdtr_limit'), 0);
  hart.set32(SLOTS.get('idtr_limit'), 0);
  const header = image && multibootHeader(image);
  if (header) startMultiboot(hart, image, header.addresses?.entry ?? entry, header);
  else if (image?.bits === 32) throw new ElfError('a 32-bit ELF file without a multiboot header');
  else startLong(hart, entry, image);
}

/** Protected mode with flat segments and paging off, which is how a reset leaves a hart (multiboot 3.2). */
function startMultiboot(
  hart: Hart,
  image: ElfImage,
  entry: bigint,
  { addresses }: NonNullable<ReturnType<typeof multibootHeader>>,
): void {
  const { ram } = hart.bus;
  if (addresses) loadByAddresses(ram, image.file, addresses);
  const loaded = addresses && { start: BigInt(addresses.load), end: BigInt(addresses.zeroEnd) };
  hart.set(RAX, BOOT_MAGIC);
  hart.set(RBX, writeBootInformation(ram, loaded ? [...coveredBy(image), loaded] : coveredBy(image)));
  hart.pc = entry;
}

/** Entries of the tables that map everything: present and writable, and a page of 1 GiB. */
const PRESENT_WRITABLE = 3n;
const LARGE = 1n << 7n;
const GIB = 1n << 30n;
const MAPPED_GIBS = 4;
const TABLE_PAGES = 2;
const STACK_PAGES = 16;
const EFER_LONG = (1n << 8n) | (1n << 10n);

/**
 * Long mode at CPL 0, with the first 4 GiB mapped as they are. Two tables lie at the end of RAM, and 64 KiB of stack
 * below them, or in the highest free place if the image lies there. SSE and x87 are usable; there are no descriptor tables.
 */
function startLong(hart: Hart, entry: bigint, image: ElfImage | undefined): void {
  const { ram } = hart.bus;
  const taken = image ? coveredBy(image) : [];
  const place = freePages(ram, taken, STACK_PAGES + TABLE_PAGES, ram.size);
  if (place === undefined) throw new ElfError('no RAM is left for page tables and a stack');
  const root = place + BigInt(STACK_PAGES * 4096);
  const directory = root + 4096n;
  const put = (address: bigint, value: bigint) => ram.write(ramOffset(ram.offset(address, 8)), 8, value);
  ram.fill(ramOffset(ram.offset(root, TABLE_PAGES * 4096)), TABLE_PAGES * 4096, 0);
  put(root, directory | PRESENT_WRITABLE);
  for (let i = 0; i < MAPPED_GIBS; i++) {
    put(directory + BigInt(8 * i), (BigInt(i) * GIB) | LARGE | PRESENT_WRITABLE);
  }
  hart.set(SLOTS.get('cr0'), CR0.PE | CR0.MP | CR0.ET | CR0.NE | CR0.PG);
  hart.set(SLOTS.get('cr3'), root);
  hart.set(SLOTS.get('cr4'), CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT);
  hart.set(SLOTS.get('efer'), EFER_LONG);
  loadFlatSegments(hart, CODE_64_ATTRIBUTES);
  hart.set(RSP, root);
  hart.pc = entry;
  updateMode(hart);
}
