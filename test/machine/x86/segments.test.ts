// Segments outside 64-bit mode (SDM vol. 3A, 5.3 to 5.5; vol. 2, exceptions of each instruction): every byte of an operand lies
// within the limit or it is #GP(0), through SS #SS(0), and nothing has changed. QEMU checks none of it.
import { describe, expect, it } from 'vitest';
import { updateMode } from '../../../machine/x86/mode.ts';
import { AT, DATA, descriptor, Rig, SEL } from './rig.ts';

const BASE = 0x4_0000n;
const LIMIT = 0xfffn;
const EXPAND_DOWN = DATA | 4;
const BIG = 0x4000;

/** In front of ModRM; its digit; bytes of the operand; whether it is written. Addressed by [ebx]. */
const INSTRUCTIONS: readonly (readonly [string, string, number, number, boolean])[] = [
  ['mov al, m8', '8a', 0, 1, false],
  ['mov m8, al', '88', 0, 1, true],
  ['mov ax, m16', '668b', 0, 2, false],
  ['mov m32, eax', '89', 0, 4, true],
  ['add m32, eax', '01', 0, 4, true],
  ['cmp m32, eax', '39', 0, 4, false],
  ['xchg m32, eax', '87', 0, 4, true],
  ['cmpxchg m32, ecx', '0fb1', 1, 4, true],
  ['cmpxchg8b m64', '0fc7', 1, 8, true],
  ['bound eax, m32&32', '62', 0, 8, false],
  ['push m32', 'ff', 6, 4, false],
  ['lgdt m16&32', '0f01', 2, 6, false],
  ['sidt m16&32', '0f01', 1, 6, true],
  ['les eax, m16:32', 'c4', 0, 6, false],
  ['jmp m16:32', 'ff', 5, 6, false],
  ['fld m32', 'd9', 0, 4, false],
  ['fst m64', 'dd', 2, 8, true],
  ['fld m80', 'db', 5, 10, false],
  ['fbstp m80', 'df', 6, 10, true],
  ['fldenv', 'd9', 4, 28, false],
  ['fnstenv', 'd9', 6, 28, true],
  ['fnstenv of words', '66d9', 6, 14, true],
  ['frstor', 'dd', 4, 108, false],
  ['fnsave', 'dd', 6, 108, true],
  ['movq mm0, m64', '0f6f', 0, 8, false],
  ['movdqu xmm0, m128', 'f30f6f', 0, 16, false],
  ['movdqu m128, xmm0', 'f30f7f', 0, 16, true],
  ['fxsave', '0fae', 0, 512, true],
  ['fxrstor', '0fae', 1, 512, false],
];
const OVERRIDES = { ds: '', es: '26', fs: '64', ss: '36' } as const;
type Segment = keyof typeof OVERRIDES;

function rigWith(segment: Segment, attributes: number, limit: bigint): Rig {
  const rig = new Rig({ legacy: true });
  rig.set({
    [`${segment}_attributes`]: BigInt(attributes),
    [`${segment}_limit`]: limit,
    [`${segment}_base`]: BASE,
    // OSFXSR and OSXMMEXCPT; a good x87.
    cr4: 0x600n,
    fcw: 0x37fn,
    mxcsr: 0x1f80n,
  });
  updateMode(rig.hart);
  return rig;
}

const modrm = (digit: number): string => ((digit << 3) | 3).toString(16).padStart(2, '0');

describe.each(['ds', 'fs', 'es'] as const)('the limit of %s', (segment) => {
  it.each(INSTRUCTIONS)('%s', (name, prefix, digit, bytes, write) => {
    const code = `${OVERRIDES[segment]}${prefix}${modrm(digit)}`;
    const at = (attributes: number, limit: bigint, offset: bigint) => {
      const rig = rigWith(segment, attributes, limit);
      rig.set({ rbx: offset });
      // A selector for what is a far pointer.
      if (/^(jmp|les)/.test(name) && offset < 0x1_0000n) rig.write(BASE + offset + 4n, 2, BigInt(SEL.code32));
      const before = rig.get('rsp');
      const { taken } = rig.run(code);
      if (taken !== 'no' && taken.startsWith('#13')) {
        expect([rig.word(1), rig.get('rsp'), rig.get('rbx')]).toEqual([AT.code, before - 16n, offset]);
      }
      return taken;
    };
    // An area of FXSAVE is aligned, so its last good place is too.
    const step = bytes === 512 ? 16n : 1n;
    const last = LIMIT + 1n - BigInt(bytes);
    const good = at(DATA, LIMIT, last);
    expect(good).not.toBe('#13(0)');
    expect(at(DATA, LIMIT, last + step)).toBe('#13(0)');
    expect(at(DATA, LIMIT, 0xffff_fff0n)).toBe('#13(0)');
    // Down to the byte behind the limit, up to 64 KiB or 4 GiB.
    expect(at(EXPAND_DOWN, LIMIT, LIMIT + 1n)).toBe(good);
    expect(at(EXPAND_DOWN, LIMIT, LIMIT + 1n - step)).toBe('#13(0)');
    expect(at(EXPAND_DOWN & ~BIG, LIMIT, 0x1_0000n - BigInt(bytes))).toBe(good);
    expect(at(EXPAND_DOWN & ~BIG, LIMIT, 0x1_0000n - BigInt(bytes) + step)).toBe('#13(0)');
    // Types, and a null selector.
    expect(at(DATA & ~2, LIMIT, 0n) === '#13(0)').toBe(write);
    expect(at(0xc09b, LIMIT, 0n) === '#13(0)').toBe(write);
    expect(at(0xc099, LIMIT, 0n)).toBe('#13(0)');
    expect(at(0, LIMIT, 0n)).toBe('#13(0)');
  });
});

/** Pushes, pops and frames: bytes above and below ESP that they touch; ESP is such that all lie within, or one byte does not. */
const STACK: readonly (readonly [string, string, below: number, above: number])[] = [
  ['push eax', '50', 4, 0],
  ['push ax', '6650', 2, 0],
  ['pusha', '60', 32, 0],
  ['pushf', '9c', 4, 0],
  ['call', 'e800000000', 4, 0],
  ['enter 8, 0', 'c8080000', 12, 0],
  ['pop eax', '58', 0, 4],
  ['pop ax', '6658', 0, 2],
  ['popa', '61', 0, 32],
  ['popf', '9d', 0, 4],
  ['ret', 'c3', 0, 4],
  ['retf', 'cb', 0, 8],
  ['iret', 'cf', 0, 12],
  ['pop es', '07', 0, 4],
];

describe('the limit of SS: #SS(0)', () => {
  /** Exceptions go to conforming code, on the same stack: what is told is that in whose delivery there was no stack. */
  const told = (code: string, pointer: bigint, attributes = DATA, limit = LIMIT): string => {
    const rig = rigWith('ss', attributes, limit);
    rig.set({ rsp: pointer, rbp: pointer });
    rig.run(code);
    const { finish } = rig;
    if (finish && 'story' in finish) return finish.story?.[0].split(',')[0] ?? 'no story';
    return rig.taken;
  };
  it.each(STACK)('%s', (_, code, below, above) => {
    const [lowest, highest] = [BigInt(below), LIMIT + 1n - BigInt(above)];
    const out = (pointer: bigint, attributes = DATA, limit = LIMIT) =>
      /^#(12|SS)/.test(told(code, pointer, attributes, limit));
    // Below 0 an offset is at the end of 4 GiB, beyond every limit that is less.
    if (below > 0) expect([out(lowest), out(lowest - 1n)]).toEqual([false, true]);
    if (above > 0) expect([out(highest), out(highest + 1n)]).toEqual([false, true]);
    if (below > 0) {
      const floor = LIMIT + 1n + BigInt(below);
      expect([out(floor, EXPAND_DOWN), out(floor - 1n, EXPAND_DOWN)]).toEqual([false, true]);
    }
  });

  it.each([
    ['[ebp]', '8b4500'],
    ['[esp]', '8b0424'],
    ['[ebp + ebx]', '8b441d00'],
    ['[ebx] with SS', '368b03'],
    ['fnstenv [ebp]', 'd97500'],
    ['fxsave [esp]', '0fae0424'],
    ['movdqu xmm0, [ebp]', 'f30f6f4500'],
    ['cmpxchg8b [ebp]', '0fc74d00'],
  ])('%s', (_, code) => {
    const rig = rigWith('ss', DATA, LIMIT);
    rig.set({ rsp: 0x1000n, rbp: 0x1000n, rbx: code === '368b03' ? 0x1000n : 0n });
    // Where DS is meant, the same offset is good.
    expect(rig.run(code).taken).toBe('#12(0)');
  });
});

describe('branches beyond the limit of CS are #GP(0) at the branch (SDM vol. 2, CALL, JMP, Jcc, LOOP, RET)', () => {
  const END = AT.code + 0x7fn;
  const relative = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(Number(END + 1n - AT.code) - length);
    return bytes.toString('hex');
  };
  it.each<[string, string, Record<string, bigint>, boolean]>([
    ['jmp rel32', `e9${relative(5)}`, {}, true],
    ['jmp rel8', 'eb7e', {}, true],
    ['jmp rel8 to the last byte', 'eb7d', {}, false],
    ['call rel32', `e8${relative(5)}`, {}, true],
    ['jc, taken', '727e', { cf: 1n }, true],
    ['jc, not taken', '727e', { cf: 0n }, false],
    ['jnz rel32, taken', `0f85${relative(6)}`, { zf: 0n }, true],
    ['loop, taken', 'e27e', { rcx: 2n }, true],
    ['loop, not taken', 'e27e', { rcx: 1n }, false],
    ['loope, not taken', 'e17e', { rcx: 2n, zf: 0n }, false],
    ['jecxz, taken', 'e37e', { rcx: 0n }, true],
    ['jecxz, not taken', 'e37e', { rcx: 1n }, false],
    ['jmp eax', 'ffe0', { rax: END + 1n }, true],
    ['jmp eax to the last byte', 'ffe0', { rax: END }, false],
    ['call eax', 'ffd0', { rax: END + 1n }, true],
    ['jmp m32', 'ff2500000400', {}, true],
    ['ret', 'c3', {}, true],
    ['ret imm16', 'c20800', {}, true],
    ['retf', 'cb', {}, true],
    ['iret', 'cf', {}, true],
  ])('%s', (_, code, registers, refused) => {
    const rig = new Rig({ legacy: true });
    rig.set({ cs_limit: END, ...registers });
    rig.write(0x4_0000n, 4, END + 1n);
    // Far returns are to a segment that ends there, too.
    rig.gdt(SEL.spare, descriptor(0x409b, 0n, END));
    rig.push(4, 2n, BigInt(SEL.spare), END + 1n);
    const before = { rsp: rig.get('rsp'), rcx: rig.get('rcx') };
    rig.run(code);
    expect(rig.taken).toBe(refused ? '#13(0)' : 'no');
    if (refused) {
      expect([rig.word(1), rig.get('rsp'), rig.get('rcx')]).toEqual([AT.code, before.rsp - 16n, before.rcx]);
    }
  });

  it('the next instruction behind the limit is a fault of its own', () => {
    const rig = new Rig({ legacy: true });
    rig.set({ cs_limit: AT.code + 1n });
    rig.run('9090 90', 3);
    expect([rig.taken, rig.word(1)]).toEqual(['#13(0)', AT.code + 2n]);
  });

  it.each([
    ['one of which a byte lies behind it', 'b811223344', 3n, 0n],
    ['one that ends there, and the next', 'b811223344 90', 4n, 5n],
  ])('%s, though both were executed before', (_, code, limit, at) => {
    const rig = new Rig({ legacy: true });
    rig.run(code, 2);
    rig.set({ rip: AT.code, cs_limit: AT.code + limit });
    rig.hart.contextChanged();
    rig.machine.run(at === 0n ? 1 : 2);
    expect([rig.taken, rig.word(1)]).toEqual(['#13(0)', AT.code + at]);
  });
});
