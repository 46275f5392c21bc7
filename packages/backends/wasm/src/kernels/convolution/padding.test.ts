import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { numbers, onCpu, startBackends } from '../fixtures.ts';

beforeAll(startBackends);

test.each([
  [
    [8, 8],
    [2, 1],
    [1, 2],
  ],
  [
    [9, 9],
    [2, 2],
    [3, 3],
  ],
  [
    [1, 8],
    [2, 1],
    [2, 2],
  ],
  [
    [9, 8],
    [1, 3],
    [3, 1],
  ],
] as const)('images of %j, a filter of %j and strides of %j', async (image, filter, strides) => {
  const inputs = { x: numbers([2, ...image, 3]), filter: numbers([...filter, 3, 2], 2) };
  for (const [kernelName, extra] of [
    ['Conv2D', {}],
    ['FusedConv2D', { activation: 'linear' }],
    ['DepthwiseConv2dNative', {}],
    ['FusedDepthwiseConv2D', { activation: 'linear' }],
  ] as const) {
    const attributes = { strides, pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], ...extra };
    const expected = await onCpu(kernelName, inputs, attributes);
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, values }]) => [
          name,
          tf.tensor(Float32Array.from(values), [...shape]),
        ]),
      );
      const output = tf.engine().runKernel(kernelName, tensors, attributes as never) as tf.Tensor;
      expect(output.shape).toEqual(expected.shape);
      expect([...output.dataSync()].every((x, n) => Math.abs(x - (expected.values[n] as number)) < 1e-5)).toBe(true);
    });
  }
});
