import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { expectSame, kernelOf, type Numbers, numbers, startBackends } from '../fixtures.ts';
import { rows } from './kernels.ts';

beforeAll(startBackends);

const [gather, tile, segmentSum] = ['GatherV2', 'Tile', 'UnsortedSegmentSum'].map((name) => kernelOf(rows, name)) as [
  (typeof rows)[number],
  (typeof rows)[number],
  (typeof rows)[number],
];

const shape = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
const dtype = fc.constantFrom('float32' as const, 'int32' as const);
const integers = (values: number[], shape = [values.length]): Numbers => ({ shape, values, dtype: 'int32' });
const typed = (x: Numbers, dtype: 'float32' | 'int32'): Numbers =>
  dtype === 'float32' ? x : { ...x, dtype, values: Array.from(x.values, (value) => Math.round(100 * value)) };

test('rows are gathered along any axis', async () => {
  const cases = shape.chain((shape) =>
    fc.nat(shape.length - 1).chain((axis) =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.constant(axis),
        indices: fc.array(fc.nat((shape[axis] as number) - 1), { minLength: 1, maxLength: 9 }),
        dtype,
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis, indices, dtype }) => {
      const x = typed(numbers(shape), dtype);
      await expectSame(gather, { x, indices: integers(indices) }, { axis, batchDims: 0 });
    }),
  );
});

test('rows are gathered by several indices, and in batches', async () => {
  const indices = integers([2, 0, 1, 1, 2, 2], [2, 3]);
  await expectSame(gather, { x: numbers([2, 3, 5]), indices }, { axis: 1, batchDims: 0 });
  await expectSame(gather, { x: numbers([2, 3, 5]), indices }, { axis: 1, batchDims: 1 });
  await expectSame(gather, { x: numbers([2, 4, 3, 2]), indices }, { axis: 2, batchDims: 1 });
});

test.each([-1, 3])('the index %d of three rows is an error', (index) => {
  tf.tidy(() => {
    const gathered = () => tf.gather(tf.ones([3, 2]), [0, index]);
    expect(gathered).toThrow(InvalidInputError);
    expect(gathered).toThrow(`axis of 3, of which number ${index} was asked for`);
  });
});

test('tensors are tiled along any axes', async () => {
  const cases = shape.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      reps: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: shape.length, maxLength: shape.length }),
      dtype,
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, reps, dtype }) => {
      fc.pre(reps.some((n) => n !== 1));
      await expectSame(tile, { x: typed(numbers(shape), dtype) }, { reps });
    }),
  );
});

test('rows are summed by segment', async () => {
  const cases = fc.record({
    ids: fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 20 }),
    row: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ ids, row }) => {
      const x = numbers([ids.length, ...row]);
      await expectSame(segmentSum, { x, segmentIds: integers(ids) }, { numSegments: 5 });
    }),
  );
});

test('NaN stays in its segment', () => {
  tf.tidy(() => {
    const sums = tf.unsortedSegmentSum(tf.tensor1d([1, Number.NaN, 3, 4]), tf.tensor1d([0, 1, 0, 2], 'int32'), 4);
    expect([...sums.dataSync()]).toEqual([4, Number.NaN, 4, 0]);
  });
});
