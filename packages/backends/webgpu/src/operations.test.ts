import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import { test } from 'vitest';
import './register.ts';
import { missing, onSwiftShader } from './fixtures/gpu.ts';

const bySin = 'it makes its inputs by sin, and cancels, so that the error of sin on SwiftShader, 2e-4, shows';

if (missing === undefined) {
  describeOperations('webgpu', {
    start: () => useBackend('webgpu', { cpuForward: false }),
    tolerance: onSwiftShader ? 1e-3 : 1e-4,
    skip: onSwiftShader
      ? [
          { operation: 'matMul of 40 by 40, plain and plain', reason: bySin },
          { operation: 'matMul of 40 by 40, transposed and transposed', reason: bySin },
          { operation: 'conv2d with 16 channels', reason: bySin },
        ]
      : [],
  });
} else test.skip(`the operations on a GPU: not here, ${missing}`);
