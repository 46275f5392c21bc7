import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, test } from 'vitest';
import { expectSame, kernelOf, numbers, startBackends } from '../fixtures.ts';
import { depthwise } from './depthwise.ts';

beforeAll(startBackends);

const inputGradient = kernelOf(depthwise, 'DepthwiseConv2dNativeBackpropInput');
const filterGradient = kernelOf(depthwise, 'DepthwiseConv2dNativeBackpropFilter');

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

test('cotangents of input and filter are those of cpu', async () => {
  const cases = fc
    .record({
      batch: fc.integer({ min: 1, max: 2 }),
      image: pair(9),
      filter: pair(4),
      channels: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3 })),
      strides: pair(3),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    })
    .filter(({ image, filter, pad }) => pad === 'same' || image.every((size, n) => size >= (filter[n] as number)));
  await fc.assert(
    fc.asyncProperty(cases, async ({ batch, image, filter, channels, strides, pad }) => {
      const inputShape = [batch, ...image, channels[0]] as [number, number, number, number];
      const filterShape = [...filter, ...channels] as [number, number, number, number];
      const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, undefined, true);
      const attributes = { strides, pad, dilations: [1, 1], inputShape, filterShape };
      const dy = numbers(outShape, 2);
      await expectSame(inputGradient, { dy, filter: numbers(filterShape) }, attributes);
      await expectSame(filterGradient, { x: numbers(inputShape), dy }, attributes);
    }),
  );
});
