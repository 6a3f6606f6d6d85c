import type { Hart } from '../hart.ts';
import { POINTS } from './breakpoint.ts';
import { SLOTS } from './registers.ts';
import { SS } from './step.ts';
import { constant, fixed, plain, type SystemRegister, type Verdict } from './sysreg-register.ts';

const MDSCR = SLOTS.get('mdscr_el1');
const OS_LOCK = SLOTS.get('osLock');
const CLAIM = SLOTS.get('claim');

/** MDSCR_EL1 (Arm ARM D17.3.20): accesses of EL0 to the communications channel are trapped. */
const TDCC = 1n << 12n;
/** SS, TDCC, KDE, MDE. */
const MDSCR_MASK = SS | TDCC | (1n << 13n) | (1n << 15n);
/** What the OS lock opens to be saved and restored: ERR, HDE, INTdis, TXU, RXO, TXfull, RXfull. */
const MDSCR_LOCKED_MASK = [6n, 14n, 22n, 23n, 26n, 27n, 29n, 30n].reduce((mask, bit) => mask | (1n << bit), MDSCR_MASK);

/** OSLSR_EL1: the OS lock is implemented (OSLM 0b10), and whether it is locked. */
const OSLM = 1n << 3n;
const OSLK_SHIFT = 1n;

/** Claim tags: eight. */
const CLAIM_MASK = 0xffn;
/** DBGBCR<n>_EL1: E, PMC, BAS, HMC, SSC, LBN, BT; DBGWCR<n>_EL1: E, PAC, LSC, BAS, HMC, SSC, LBN, WT, MASK. */
const BCR_MASK = 0x00ff_e1e7n;
const WCR_MASK = 0x1f1f_ffffn;

/** The communications channel to a debugger, which is not there: empty, and EL0's unless TDCC traps. */
const channel = (hart: Hart): Verdict => ((hart.get(MDSCR) & TDCC) !== 0n ? 'trapped' : 'allowed');

/** Debug may start or stop to be generated, stepping among it. */
const changed = (hart: Hart): void => {
  hart.attention = true;
  hart.contextChanged();
};

/** Self-hosted debug: software step (step.ts), breakpoints and watchpoints (breakpoint.ts). */
export const DEBUG_REGISTERS: readonly SystemRegister[] = [
  {
    name: 'mdscr_el1',
    read: (hart) => hart.get(MDSCR),
    write(hart, value) {
      const mask = hart.get32(OS_LOCK) === 1 ? MDSCR_LOCKED_MASK : MDSCR_MASK;
      hart.set(MDSCR, (hart.get(MDSCR) & ~mask) | (value & mask));
      changed(hart);
    },
  },
  {
    name: 'oslar_el1',
    write(hart, value) {
      hart.set32(OS_LOCK, Number(value & 1n));
      changed(hart);
    },
  },
  { name: 'oslsr_el1', read: (hart) => OSLM | (BigInt(hart.get32(OS_LOCK)) << OSLK_SHIFT) },
  // No double lock, no memory-mapped debug ROM.
  fixed('osdlr_el1'),
  constant('mdrar_el1', 0n),
  plain('dbgprcr_el1', 1n),
  plain('osdtrrx_el1', 0xffff_ffffn),
  plain('osdtrtx_el1', 0xffff_ffffn),
  plain('oseccr_el1', 0xffff_ffffn),
  // Reads of CLAIMSET say which tags there are, reads of CLAIMCLR which are set.
  {
    name: 'dbgclaimset_el1',
    read: () => CLAIM_MASK,
    write: (hart, value) => hart.set32(CLAIM, hart.get32(CLAIM) | Number(value & CLAIM_MASK)),
  },
  {
    name: 'dbgclaimclr_el1',
    read: (hart) => BigInt(hart.get32(CLAIM)),
    write: (hart, value) => hart.set32(CLAIM, hart.get32(CLAIM) & ~Number(value & CLAIM_MASK)),
  },
  // No external debug is authenticated.
  constant('dbgauthstatus_el1', 0n),
  plain('mdccint_el1', 3n << 29n),
  { ...constant('mdccsr_el0', 0n), user: channel },
  { ...fixed('dbgdtr_el0'), user: channel },
  { ...fixed('dbgdtrrx_el0'), user: channel },
  ...POINTS.flatMap((n) => [
    // An address or, by its type, a context, which has all 32 bits.
    plain(`dbgbvr${n}_el1`, ~0n, changed),
    plain(`dbgbcr${n}_el1`, BCR_MASK, changed),
    plain(`dbgwvr${n}_el1`, ~3n, changed),
    plain(`dbgwcr${n}_el1`, WCR_MASK, changed),
  ]),
];
