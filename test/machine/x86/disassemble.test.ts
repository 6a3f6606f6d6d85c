import { describe, expect, it } from 'vitest';
import { decode } from '../../../machine/x86/decode.ts';
import { CODE_16, CODE_32, CODE_64 } from '../../../machine/x86/registers.ts';

function text(hex: string, mode: number): string {
  const instruction = decode(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')), mode);
  if (typeof instruction === 'number') throw new Error(`${hex}: ${instruction} bytes`);
  return instruction.text(0x1000n);
}

describe('assembly text', () => {
  const cases: [string, number, string][] = [
    // Addresses
    ['8b 04 25 00 00 60 ff', CODE_64, 'mov eax,DWORD PTR ds:0xffffffffff600000'],
    ['64 48 8b 04 25 28 00 00 00', CODE_64, 'mov rax,QWORD PTR fs:0x28'],
    ['8b 04 64', CODE_64, 'mov eax,DWORD PTR [rsp+riz*2]'],
    ['67 8b 04 25 10 00 00 00', CODE_64, 'mov eax,DWORD PTR [eiz*1+0x10]'],
    ['8b 05 f0 ff ff ff', CODE_64, 'mov eax,DWORD PTR [rip+0xfffffffffffffff0]'],
    ['8b 05 f0 ff ff ff', CODE_32, 'mov eax,DWORD PTR ds:0xfffffff0'],
    ['48 8b 84 c8 10 00 00 00', CODE_64, 'mov rax,QWORD PTR [rax+rcx*8+0x10]'],
    ['8b 46 f8', CODE_16, 'mov ax,WORD PTR [bp-0x8]'],
    ['2e 8b 00', CODE_64, 'cs mov eax,DWORD PTR [rax]'],
    ['2e 8b 00', CODE_32, 'mov eax,DWORD PTR cs:[eax]'],
    // Registers by size and REX
    ['00 e0', CODE_64, 'add al,ah'],
    ['40 00 e0', CODE_64, 'add al,spl'],
    ['45 00 c0', CODE_64, 'add r8b,r8b'],
    ['66 41 01 c1', CODE_64, 'add r9w,ax'],
    // Sizes that only the mnemonic shows
    ['66 98', CODE_64, 'cbw'],
    ['48 98', CODE_64, 'cdqe'],
    ['48 cf', CODE_64, 'iretq'],
    ['66 9c', CODE_64, 'pushfw'],
    ['66 6a 80', CODE_64, 'pushw 0xff80'],
    ['66 60', CODE_16, 'pushad'],
    ['67 e3 00', CODE_64, 'jecxz 0x1003'],
    ['48 b8 88 77 66 55 44 33 22 11', CODE_64, 'movabs rax,0x1122334455667788'],
    // Prefixes that show, and that do not
    ['f3 48 a5', CODE_64, 'rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]'],
    ['f2 ae', CODE_64, 'repnz scas al,BYTE PTR es:[rdi]'],
    ['66 48 89 c0', CODE_64, 'data16 mov rax,rax'],
    ['f0 48 01 00', CODE_64, 'lock add QWORD PTR [rax],rax'],
    ['f2 ff e0', CODE_64, 'bnd jmp rax'],
    ['3e ff e0', CODE_64, 'notrack jmp rax'],
    ['66 2e 0f 1f 84 00 00 00 00 00', CODE_64, 'cs nop WORD PTR [rax+rax*1+0x0]'],
    ['90', CODE_64, 'nop'],
    ['66 90', CODE_64, 'xchg ax,ax'],
    ['41 90', CODE_64, 'xchg r8d,eax'],
    ['f3 90', CODE_64, 'pause'],
    // Conditions and comparisons
    ['0f 84 00 00 00 00', CODE_64, 'je 0x1006'],
    ['0f 9f c0', CODE_64, 'setg al'],
    ['0f c2 c1 01', CODE_64, 'cmpltps xmm0,xmm1'],
    ['0f c2 c1 08', CODE_64, 'cmpps xmm0,xmm1,0x8'],
    // Far
    ['ea 00 10 00 00 08 00', CODE_32, 'jmp 0x8:0x1000'],
    ['48 ff 28', CODE_64, 'rex.W jmp FWORD PTR [rax]'],
    ['0f 01 10', CODE_32, 'lgdtd [eax]'],
  ];
  it.each(cases)('%s in mode %i is %s', (bytes, mode, expected) => expect(text(bytes, mode)).toBe(expected));
});
