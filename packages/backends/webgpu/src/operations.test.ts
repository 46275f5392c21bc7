import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import { test } from 'vitest';
import './register.ts';
import { missing } from './fixtures/gpu.ts';

if (missing === undefined) {
  describeOperations('webgpu', {
    start: () => useBackend('webgpu', { cpuForward: false }),
    // SwiftShader's sin and cos, by which the suite makes its larger inputs too, are off by 2e-4, as WGSL allows.
    tolerance: 1e-3,
  });
} else test.skip(`the operations on a GPU: not here, ${missing}`);
