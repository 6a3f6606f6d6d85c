import { LinuxError } from '../../abi/errno.ts';
import type { UserContext } from '../arch.ts';

/** Codes of arch_prctl(2) (asm/prctl.h). */
const SET_GS = 0x1001;
const SET_FS = 0x1002;
const GET_FS = 0x1003;
const GET_GS = 0x1004;

/** The base of FS, which TLS is: what ARCH_SET_FS does, its refusal included. */
export function setTls(context: UserContext, tls: bigint, userEnd: bigint): void {
  control(context, SET_FS, tls, userEnd);
}

/** arch_prctl(2) for the bases of FS and GS. EPERM: a base that is not the user's. EINVAL: anything else. */
export function control(context: UserContext, code: number, address: bigint, userEnd: bigint): bigint | 'done' {
  const name = code === SET_FS || code === GET_FS ? 'fs_base' : 'gs_base';
  switch (code) {
    case SET_FS:
    case SET_GS:
      if (address >= userEnd) throw new LinuxError('EPERM');
      context.registers.set(name, address);
      return 'done';
    case GET_FS:
    case GET_GS:
      return context.registers.get(name) ?? 0n;
    default:
      throw new LinuxError('EINVAL');
  }
}
