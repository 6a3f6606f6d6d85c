/** MMX and SSE rows on the host's own processor and under qemu-x86_64, as in semantics.test.ts. */
import { compareAll, isVector } from './semantics/suite.ts';

compareAll(isVector);
