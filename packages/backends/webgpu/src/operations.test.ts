import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import { describe } from 'vitest';
import './register.ts';
import { missing } from './fixtures/gpu.ts';

describe.skipIf(missing !== undefined)(`on a GPU${missing === undefined ? '' : `: not here, ${missing}`}`, () => {
  describeOperations('webgpu', {
    start: () => useBackend('webgpu', { cpuForward: false }),
    // SwiftShader's sin and cos, by which the suite makes its larger inputs too, are off by 2e-4, as WGSL allows.
    tolerance: 1e-3,
  });
});
