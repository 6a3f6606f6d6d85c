// Advanced SIMD on integers under qemu-aarch64 (semantics.test.ts says how to run a part).
import { A64_SIMD } from '../../../machine/aarch64/a64-simd.ts';
import { compareRows } from './semantics/suite.ts';

compareRows({ 'a64-simd': A64_SIMD }, []);
