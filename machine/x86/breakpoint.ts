import type { AccessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import { codeEndsNear } from './code.ts';
import { watchData, watchesData } from './debug.ts';
import { MMU } from './mmu.ts';

/**
 * The MMU with data breakpoints, which look at every access that succeeds but those to descriptor tables (SDM vol. 3B,
 * 18.2.4): in a page where one lies, no verdict is the whole page's. Nor is one on code near the end of its segment.
 */
export const WATCHED_MMU: Mmu = {
  ...MMU,
  translate(hart: Hart, address: bigint, shape: AccessShape, dry?: boolean): boolean {
    if (!MMU.translate(hart, address, shape, dry)) return false;
    if (shape.kind === 'fetch') {
      if (codeEndsNear(hart)) hart.translated.wholePage = false;
    } else if (!shape.implicit && !dry && watchesData(hart)) {
      if (watchData(hart, address, shape.size, shape.kind === 'store')) hart.translated.wholePage = false;
    }
    return true;
  },
};
