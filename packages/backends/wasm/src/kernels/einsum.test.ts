import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { numbers, startBackends } from './fixtures.ts';

beforeAll(startBackends);

test.each([
  [
    'ij,jk->ik',
    [
      [3, 4],
      [4, 5],
    ],
  ],
  [
    'ij,kj->ki',
    [
      [3, 4],
      [5, 4],
    ],
  ],
  [
    'bij,bjk->bik',
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
  ],
  [
    'bhqd,bhkd->bhqk',
    [
      [2, 3, 4, 5],
      [2, 3, 6, 5],
    ],
  ],
  [
    'bqhd,bkhd->bhqk',
    [
      [2, 4, 3, 5],
      [2, 6, 3, 5],
    ],
  ],
  [
    'abc,cd->abd',
    [
      [2, 3, 4],
      [4, 5],
    ],
  ],
  ['i,j->ij', [[3], [4]]],
  ['i,i->', [[7], [7]]],
  ['ij->ji', [[3, 4]]],
  ['ij->', [[3, 4]]],
  ['ijk->ik', [[3, 4, 2]]],
  [
    'ij,ij->ij',
    [
      [3, 4],
      [3, 4],
    ],
  ],
] as [string, number[][]][])('%s', async (equation, shapes) => {
  const run = () =>
    tf.tidy(() => {
      const tensors = shapes.map((shape, n) => tf.tensor(Float32Array.from(numbers(shape, n).values), shape));
      const output = tf.einsum(equation, ...tensors);
      return { shape: output.shape, values: [...output.dataSync()] };
    });
  const before = tf.memory().numTensors;
  const ours = run();
  expect(tf.memory().numTensors).toBe(before);
  await tf.setBackend('cpu');
  const expected = run();
  await tf.setBackend('wasm');
  expect(ours.shape).toEqual(expected.shape);
  expect(ours.values.every((x, n) => Math.abs(x - (expected.values[n] as number)) < 1e-5)).toBe(true);
});

test('labels of one tensor alone are summed, as cpu does not', () => {
  tf.tidy(() => {
    const [a, b] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])];
    expect(tf.einsum('ij,kl->jl', a, b).arraySync()).toEqual([
      [20, 28, 36],
      [30, 42, 54],
    ]);
  });
});
