import type { Case } from './case.ts';
import { type Entry, javascript, type Runner } from './entry.ts';
import { type Backend, node18On, ownOperation, stockOperation } from './implementations/operations.ts';
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
      const runner = await node18On(node18Sizes, 'wasm');
      try {
        return Float64Array.from(runner.run());
      } finally {
        runner.dispose?.();
      }
    },
    // TensorFlow.js alone has no entry: it lacks the filters' gradient on wasm.
    entries: () => onBackends(['wasm', 'tensorflow'], (...of) => node18On(node18Sizes, ...of)),
  },
];

function operationCase(name: string, title: string, operation: () => Operation): Case {
  return {
    name,
    title,
    closeness: 1e-5,
    reference: () => operation().reference(),
    entries: () => [
      ...onBackends(['wasm', 'cpu', 'tensorflow'], (...of) => ownOperation(operation(), ...of)),
      javascript('tfjs wasm', 'float32', 'peer', () => stockOperation(operation())),
    ],
  };
}

/** On wasm in one thread and in two, and on the others. */
function onBackends(
  backends: readonly Backend[],
  make: (backend: Backend, threads?: number) => Promise<Runner>,
): Entry[] {
  return backends.flatMap((backend) => {
    const name = `neural-ode ${backend}`;
    const one = javascript(name, 'float32', 'ours', () => make(backend));
    if (backend !== 'wasm') return [one];
    return [one, javascript(`${name}, 2 threads`, 'float32', 'ours', () => make(backend, 2), undefined, 2)];
  });
}
