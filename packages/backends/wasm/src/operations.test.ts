import { useBackend } from '@neural-ode/tensor';
import { describeOperations, operations, type Skip } from '@neural-ode/testing/operations';
import './register.ts';

/** All operations whose name starts so. */
const without = (start: string, reason: string): Skip[] =>
  operations.filter(({ name }) => name.startsWith(start)).map(({ name }) => ({ operation: name, reason }));

describeOperations('wasm', {
  start: () => useBackend('wasm'),
  skip: [
    ...without('einsum', 'tfjs has no kernel Einsum on wasm'),
    ...without('unsortedSegmentSum', 'tfjs has no kernel UnsortedSegmentSum on wasm'),
    {
      operation: 'fused.depthwiseConv2d with linear',
      aspects: ['gradient', 'second derivative'],
      reason: 'tfjs asks for kernels DepthwiseConv2dNativeBackprop..., which it has not on wasm',
    },
    {
      operation: 'fused.matMul of a transposed operand',
      aspects: ['value'],
      reason: "tfjs's kernel is wrong on wasm",
    },
  ],
});
