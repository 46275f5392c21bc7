import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, test } from 'vitest';
import { expectSame, kernelOf, numbers, startBackends } from '../fixtures.ts';
import { convolutions } from './kernels.ts';

beforeAll(startBackends);

const inputGradient = kernelOf(convolutions, 'Conv2DBackpropInput');
const filterGradient = kernelOf(convolutions, 'Conv2DBackpropFilter');

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const explicit = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 })
  .map(([top, bottom, left, right]) => [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);

/** Convolutions whose filter fits into the padded image. */
const any = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    image: pair(9),
    filter: pair(4),
    channels: pair(11),
    strides: pair(3),
    pad: fc.oneof(fc.constantFrom('same', 'valid'), explicit),
  })
  .filter(({ image, filter, pad }) => pad === 'same' || image.every((size, n) => size >= (filter[n] as number)));

test('cotangents of input and filter are those of cpu', async () => {
  await fc.assert(
    fc.asyncProperty(any, async ({ batch, image, filter, channels, strides, pad }) => {
      const inputShape = [batch, ...image, channels[0]] as [number, number, number, number];
      const filterShape = [...filter, ...channels] as [number, number, number, number];
      const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad as 'same');
      const attributes = { strides, pad, dataFormat: 'NHWC', inputShape, filterShape };
      const dy = numbers(outShape, 2);
      await expectSame(inputGradient, { dy, filter: numbers(filterShape) }, attributes);
      await expectSame(filterGradient, { x: numbers(inputShape), dy }, attributes);
    }),
  );
});

test('more channels and pixels than are packed at once', async () => {
  const [inputShape, filterShape] = [
    [2, 9, 9, 70],
    [2, 2, 70, 260],
  ];
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', inputShape, filterShape };
  const dy = numbers([2, 9, 9, 260], 2);
  await expectSame(inputGradient, { dy, filter: numbers(filterShape) }, attributes);
  await expectSame(filterGradient, { x: numbers(inputShape), dy }, attributes);
});
