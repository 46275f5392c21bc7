import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { volumes } from './convolution/volumes.ts';
import { dilations } from './dilation.ts';
import { expectSame, kernelOf, type Numbers, numbers, onCpu, onWasm, startBackends } from './fixtures.ts';
import type { Attributes } from './kernel.ts';
import { pooling } from './pooling.ts';

beforeAll(startBackends);

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const pad = fc.constantFrom('same' as const, 'valid' as const);
const fits = ({ image, filter, pad }: { image: number[]; filter: number[]; pad: string }) =>
  pad === 'same' || image.every((size, n) => size >= (filter[n] as number));

/** Numbers of which none is positive, with ties. */
const negative = (shape: readonly number[]): Numbers => {
  const { values } = numbers(shape);
  return { shape, values: Array.from(values, (x) => Math.round(3 * x) - 3) };
};

test('cotangents of pools of images are those of cpu', async () => {
  const cases = fc.record({ image: pair(9), filter: pair(3), strides: pair(3), pad, channels: fc.nat(8) }).filter(fits);
  await fc.assert(
    fc.asyncProperty(cases, async ({ image, filter, strides, pad, channels }) => {
      const input = negative([2, ...image, channels + 1]);
      const attributes = { filterSize: filter, strides, pad };
      const output = await onCpu('MaxPool', { x: input }, attributes);
      await expectSame(kernelOf(pooling, 'MaxPoolGrad'), { dy: numbers(output.shape), input, output }, attributes);
    }),
  );
});

test.each(['MaxPool', 'AvgPool'])('%s of one pixel, with strides', async (kernelName) => {
  for (const strides of [2, [1, 3]]) {
    await expectSame(
      kernelOf(pooling, kernelName),
      { x: numbers([2, 5, 7, 3]) },
      { filterSize: [1, 1], strides, pad: 'same' },
    );
  }
});

/** Where the maximum of each window lies, in the order of the outputs. cpu's own cotangent of such pools is wrong. */
function maxima(shape: readonly number[], values: ArrayLike<number>, attributes: Attributes): number[] {
  const { filterSize, strides, pad } = attributes;
  const info = tf.backend_util.computePool3DInfo(shape as [2, 1, 1, 1, 3], filterSize, strides, 1, pad);
  const { front, top, left } = info.padInfo;
  const [, ...image] = shape;
  const at = (place: readonly number[]) => place.reduce((sum, n, axis) => sum * (shape[axis] as number) + n, 0);
  const all: number[] = [];
  for (const [n, d, h, w, c] of places(info.outShape)) {
    const corner = [d, h, w].map((place, axis) => place * strides[axis] - ([front, top, left][axis] as number));
    const window = places(filterSize)
      .map((tap) => [n, ...tap.map((place, axis) => place + (corner[axis] as number)), c])
      .filter(([, ...place]) => place.every((m, axis) => m >= 0 && m < (image[axis] as number)))
      .map(at);
    all.push(window.reduce((a, b) => ((values[b] as number) > (values[a] as number) ? b : a)));
  }
  return all;
}

/** All places of an array, in order. */
function places(shape: readonly number[]): [number, number, number, number, number][] {
  const all = shape.reduce<number[][]>(
    (starts, size) => starts.flatMap((start) => Array.from({ length: size }, (_, n) => [...start, n])),
    [[]],
  );
  return all as [number, number, number, number, number][];
}

test('pools of volumes take the maximum, and give the cotangent to where it was', async () => {
  const three = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 3, maxLength: 3 });
  const cases = fc
    .record({ image: three(5), filter: three(3), strides: three(3), pad })
    .filter(fits)
    // There cpu's windows begin inside the volume, which TensorFlow's do not.
    .filter(({ filter, strides, pad }) => pad === 'valid' || strides.every((n, axis) => n <= (filter[axis] as number)));
  await fc.assert(
    fc.asyncProperty(cases, async ({ image, filter, strides, pad }) => {
      const { shape, values } = numbers([2, ...image, 3]);
      const x = { shape, values: Float32Array.from(values, (value) => value - 2) };
      const attributes = { filterSize: filter, strides, pad, dataFormat: 'NDHWC' };
      await expectSame(kernelOf(pooling, 'MaxPool3D'), { x }, attributes);
      const output = await onCpu('MaxPool3D', { x }, attributes);
      const dy = numbers(output.shape, 5);
      const expected = new Float32Array(x.values.length);
      maxima(shape, x.values, attributes).forEach((place, n) => {
        expected[place] = (expected[place] as number) + (dy.values[n] as number);
      });
      const dx = onWasm(kernelOf(pooling, 'MaxPool3DGrad'), { dy, input: x, output }, attributes, expected.length);
      expect(dx.shape).toEqual(shape);
      expect(expected.every((value, n) => Math.abs(value - (dx.values[n] as number)) < 1e-5)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test.each(['same', 'valid'] as const)('the cotangent of volumes is that of cpu, pad %s', async (pad) => {
  for (const strides of [1, 2, [1, 2, 1]]) {
    const [inputShape, filterShape] = [
      [2, 4, 5, 6, 3],
      [2, 3, 2, 3, 5],
    ] as [[number, number, number, number, number], [number, number, number, number, number]];
    const { outShape } = tf.backend_util.computeConv3DInfo(inputShape, filterShape, strides as number, 1, pad);
    await expectSame(
      kernelOf(volumes, 'Conv3DBackpropInputV2'),
      { dy: numbers(outShape), filter: numbers(filterShape, 2) },
      { strides, pad, inputShape },
    );
  }
});

test('grey dilations are those of cpu', async () => {
  const cases = fc
    .record({ image: pair(8), filter: pair(3), strides: pair(2), dilations: pair(2), pad })
    .filter(
      ({ image, filter, dilations, pad }) =>
        pad === 'same' || image.every((size, n) => size > ((filter[n] as number) - 1) * (dilations[n] as number)),
    );
  await fc.assert(
    fc.asyncProperty(cases, async ({ image, filter, strides, dilations: spread, pad }) => {
      const [x, kernel] = [negative([2, ...image, 3]), numbers([...filter, 3])];
      await expectSame(kernelOf(dilations, 'Dilation2D'), { x, filter: kernel }, { strides, pad, dilations: spread });
    }),
    { numRuns: 50 },
  );
});

test('the gradient of a grey dilation is refused', () => {
  expect(() => kernelOf(dilations, 'Dilation2DBackpropInput').compute({}, {}, undefined as never)).toThrow(
    InvalidInputError,
  );
});
