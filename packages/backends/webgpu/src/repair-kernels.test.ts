import { useBackend } from '@neural-ode/tensor';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import '@neural-ode/backend-cpu/register';
import './register.ts';
import { missing } from './fixtures/gpu.ts';

const line = (...shape: number[]) => tf.reshape(tf.linspace(-1, 1, tf.util.sizeFromShape(shape)), shape);

const cases: Record<string, () => tf.Tensor> = {
  'sums from the end on, of one length': () => tf.cumsum(line(4), 0, false, true),
  'sums from the end on, of another length': () => tf.cumsum(line(7), 0, false, true),
  'products from the end on, along a first axis': () => tf.cumprod(line(2, 3), 0, true, true),
  'sums of 8 tensors': () => tf.addN(Array.from({ length: 8 }, (_, n) => tf.mul(line(3), n))),
  'sums of 30 tensors': () => tf.addN(Array.from({ length: 30 }, (_, n) => tf.mul(line(3), n))),
  'sums of rows of which some are in no segment': () =>
    tf.unsortedSegmentSum(line(5, 2), tf.tensor1d([1, -1, 0, 5, 1], 'int32'), 3),
  'a bool, cast and transposed': () => tf.transpose(tf.cast(tf.greater(line(2, 3, 4), 0.2), 'float32'), [2, 0, 1]),
  'padding of five axes': () =>
    tf.pad(
      line(2, 1, 3, 2, 2),
      [
        [1, 0],
        [0, 2],
        [1, 1],
        [0, 1],
        [2, 0],
      ],
      0.5,
    ),
  'padding of six axes': () =>
    tf.pad(line(2, 1, 3, 2, 1, 2), [
      [1, 0],
      [0, 1],
      [0, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]),
};

describe.skipIf(missing !== undefined)(`on a GPU${missing === undefined ? '' : `: not here, ${missing}`}`, () => {
  test.each(Object.entries(cases))('%s are those of cpu, and nothing is left', async (_, f) => {
    const run = async (start: () => Promise<unknown>) => {
      await start();
      const before = tf.memory();
      const y = tf.tidy(f);
      const values = await y.data();
      y.dispose();
      expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
      return { shape: y.shape, values: [...values] };
    };
    const expected = await run(() => useBackend('cpu'));
    const actual = await run(() => useBackend('webgpu', { cpuForward: false }));
    expect(actual.shape).toEqual(expected.shape);
    expect(relativeError(actual.values, expected.values)).toBeLessThan(1e-6);
  });
});
