import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { numbers, startBackends } from '../fixtures.ts';

beforeAll(startBackends);

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

/** Convolutions with dilations, which tfjs's own cotangents on cpu leave out of account. */
const dilated = fc
  .record({
    image: pair(9),
    filter: pair(3),
    channels: pair(6),
    strides: pair(3),
    dilations: pair(3),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .filter(
    ({ image, filter, dilations, pad }) =>
      pad === 'same' || image.every((size, n) => size > ((filter[n] as number) - 1) * (dilations[n] as number)),
  )
  // tfjs refuses both at once.
  .filter(({ strides, dilations }) => Math.max(...strides) === 1 || Math.max(...dilations) === 1);

const sumOfProducts = (a: tf.Tensor, b: tf.Tensor): number => {
  const other = b.dataSync();
  return Array.from(a.dataSync()).reduce((sum, x, n) => sum + x * (other[n] as number), 0);
};

const tensor = (shape: readonly number[], seed: number) =>
  tf.tensor(Float32Array.from(numbers(shape, seed).values), [...shape]);

// dy . f(x, w) is linear in both: it must equal dx . x and dw . w.
test.each([false, true])('cotangents of dilated convolutions are adjoint to them (depthwise: %s)', (depthwise) => {
  fc.assert(
    fc.property(dilated, ({ image, filter, channels, strides, dilations, pad }) => {
      tf.tidy(() => {
        const x = tensor([2, ...image, channels[0]], 1) as tf.Tensor4D;
        const w = tensor([...filter, ...channels], 2) as tf.Tensor4D;
        const forward = depthwise ? tf.depthwiseConv2d : tf.conv2d;
        const y = forward(x, w, strides, pad, 'NHWC', dilations);
        const dy = tensor(y.shape, 3);
        const attributes = {
          strides,
          pad,
          dilations,
          inputShape: x.shape,
          filterShape: w.shape,
          ...(!depthwise && { dataFormat: 'NHWC' }),
        };
        const [toInput, toFilter] = depthwise
          ? (['DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'] as const)
          : (['Conv2DBackpropInput', 'Conv2DBackpropFilter'] as const);
        const dx = tf.engine().runKernel(toInput, { dy, filter: w }, attributes) as tf.Tensor;
        const dw = tf.engine().runKernel(toFilter, { x, dy }, attributes) as tf.Tensor;
        const product = sumOfProducts(y, dy);
        expect(Math.abs(sumOfProducts(dx, x) - product)).toBeLessThan(1e-3);
        expect(Math.abs(sumOfProducts(dw, w) - product)).toBeLessThan(1e-3);
      });
    }),
  );
});
