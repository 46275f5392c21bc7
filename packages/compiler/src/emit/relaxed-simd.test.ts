import v8 from 'node:v8';
import { expect, it } from 'vitest';

// Node 20 has relaxed SIMD behind a flag, which serves when it is set before the first module is made.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
const { probeFeatures } = await import('@neural-ode/assembler');

it('is on', () => expect(probeFeatures().relaxedSimd).toBe(true));

// The same fields, with fused multiply-adds.
await import('./emit-field.test.ts');
