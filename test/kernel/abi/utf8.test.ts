import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../kernel/abi/utf8.ts';

describe('UTF-8 (Unicode table 3-7)', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const outsider = (bytes: Uint8Array): string | undefined => {
    try {
      return strict.decode(bytes);
    } catch {
      return undefined;
    }
  };

  it('agrees with the host’s decoder on every lead and second byte, with each kind of rest', () => {
    const rests = [[], [0x80], [0xbf], [0x41], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x41], [0x80, 0x80, 0x80]];
    for (let lead = 0; lead < 256; lead++) {
      for (let second = 0; second < 256; second++) {
        for (const rest of rests) {
          const bytes = Uint8Array.of(lead, second, ...rest);
          const got = decodeUtf8(bytes);
          if (got !== outsider(bytes)) expect.fail(`${[...bytes].map((b) => b.toString(16)).join(' ')}: ${got}`);
        }
      }
    }
  });

  it('every code point there and back, as the host encodes it', () => {
    const host = new TextEncoder();
    for (let point = 0; point < 0x11_0000; point += point < 0x1_1000 ? 1 : 251) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const text = String.fromCodePoint(point);
      const bytes = encodeUtf8(text);
      if (decodeUtf8(bytes) !== text || `${bytes}` !== `${host.encode(text)}`) expect.fail(point.toString(16));
    }
    expect(encodeUtf8('\ud800')).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
  });
});
