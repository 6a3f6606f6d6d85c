// Scalar and vector floating point under qemu-aarch64 (semantics.test.ts says how to run a part).
import { A64_FLOAT } from '../../../machine/aarch64/a64-float.ts';
import { A64_SIMD_FLOAT } from '../../../machine/aarch64/a64-simd-float.ts';
import { compareRows } from './semantics/suite.ts';

compareRows({ 'a64-float': A64_FLOAT, 'a64-simd-float': A64_SIMD_FLOAT }, []);
