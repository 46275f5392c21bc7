import v8 from 'node:v8';
import { expect, test } from 'vitest';

// Node 20 has relaxed SIMD behind a flag, which serves when it is set before the first module is made.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
const { probeFeatures } = await import('@neural-ode/assembler');

test('relaxed SIMD is on', () => expect(probeFeatures().relaxedSimd).toBe(true));

// The same kernels, with fused multiply-adds.
await import('./mat-mul.test.ts');
await import('./convolution/kernels.test.ts');
