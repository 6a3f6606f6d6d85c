import type { Saved } from './memory/device.ts';

/** The non-zero 4 KiB pages of some memory, by page number. */
export function savePages(bytes: Uint8Array): Saved {
  const pages: { [page: string]: Saved } = {};
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  for (let page = 0; page * 4096 < bytes.length; page++) {
    if (words.subarray(page * 512, (page + 1) * 512).some((word) => word !== 0n)) {
      pages[page] = bytes.slice(page * 4096, (page + 1) * 4096);
    }
  }
  return pages;
}

/** Puts saved pages back into memory that is zero. */
export function restorePages(bytes: Uint8Array, saved: Saved): void {
  for (const [page, content] of Object.entries(saved as Record<string, Uint8Array>)) {
    bytes.set(content, Number(page) * 4096);
  }
}
