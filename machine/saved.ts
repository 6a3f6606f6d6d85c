import type { Saved } from './memory/device.ts';
import { nonZeroPages } from './memory/ram.ts';

/** The non-zero 4 KiB pages of some memory, by page number. */
export function savePages(bytes: Uint8Array): Saved {
  const pages: { [page: string]: Saved } = {};
  for (const page of nonZeroPages(bytes)) pages[page] = bytes.slice(page * 4096, (page + 1) * 4096);
  return pages;
}

/** Puts saved pages back into memory that is zero. */
export function restorePages(bytes: Uint8Array, saved: Saved): void {
  for (const [page, content] of Object.entries(saved as Record<string, Uint8Array>)) {
    bytes.set(content, Number(page) * 4096);
  }
}
