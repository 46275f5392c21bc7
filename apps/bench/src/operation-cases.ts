import type { Case } from './case.ts';
import { javascript } from './entry.ts';
import { node18On, ownOperation, stockOperation } from './implementations/operations.ts';
import { addition, convolution, hyperbolicTangent, type Operation, product } from './problems/operation.ts';

const node18Sizes = { width: 16, batch: 8 };

/** Operations of the wasm backend beside TensorFlow.js's own ones. */
export const operationCases: readonly Case[] = [
  operationCase('add-16', 'the sum of two vectors of 16', () => addition(16)),
  operationCase('tanh-100k', 'tanh of 100,000 numbers', () => hyperbolicTangent(100_000)),
  operationCase('matmul-512', 'a b of matrices 512 x 512', () => product(512, false, false)),
  operationCase('matmul-512-ta', "a' b of matrices 512 x 512", () => product(512, true, false)),
  operationCase('matmul-512-tb', "a b' of matrices 512 x 512", () => product(512, false, true)),
  ...[
    { batch: 8, side: 32, channels: 64 },
    { batch: 8, side: 16, channels: 128 },
    { batch: 8, side: 8, channels: 256 },
  ].flatMap((sizes) => {
    const { batch, side, channels } = sizes;
    const of = `a convolution 3 x 3 of [${batch}, ${side}, ${side}, ${channels}]`;
    return [
      operationCase(`conv-${channels}`, of, () => convolution('forward', sizes)),
      operationCase(`conv-${channels}-dx`, `the gradient of the images of ${of}`, () => convolution('dx', sizes)),
      operationCase(`conv-${channels}-dw`, `the gradient of the window of ${of}`, () => convolution('dw', sizes)),
    ];
  }),
  {
    name: 'node18-step',
    title: 'the gradient of a training step of NODE18 of width 16, batch 8, heunEuler, rtol = atol = 1e-2',
    closeness: 1e-3,
    // The tests compare the wasm backend's with the cpu backend's, which takes minutes at this size.
    async reference() {
      const runner = await node18On(node18Sizes);
      try {
        return Float64Array.from(runner.run());
      } finally {
        runner.dispose?.();
      }
    },
    // TensorFlow.js alone has no entry: it lacks the filters' gradient on wasm.
    entries: () => [
      javascript('neural-ode wasm', 'float32', 'ours', () => node18On(node18Sizes)),
      javascript('neural-ode wasm, 2 threads', 'float32', 'ours', () => node18On(node18Sizes, 2), undefined, 2),
    ],
  },
];

function operationCase(name: string, title: string, operation: () => Operation): Case {
  return {
    name,
    title,
    closeness: 1e-5,
    reference: () => operation().reference(),
    entries: () => [
      javascript('neural-ode wasm', 'float32', 'ours', () => ownOperation(operation())),
      javascript('neural-ode wasm, 2 threads', 'float32', 'ours', () => ownOperation(operation(), 2), undefined, 2),
      javascript('tfjs wasm', 'float32', 'peer', () => stockOperation(operation())),
    ],
  };
}
