import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectSame, kernelOf, type Numbers, startBackends } from '../fixtures.ts';
import { type Workspace, workspaceOf } from '../workspace.ts';
import { binary } from './binary.ts';
import { runsOf } from './broadcast.ts';
import { unary } from './unary.ts';

beforeAll(startBackends);

const special = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 1e-30, -1e-30, 30, -30, 200, -200, 1e30, -1e30];
const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Sizes to either side of whole vectors. */
const sized = fc.integer({ min: 0, max: 21 });

const tensorOf = (shape: readonly number[]): fc.Arbitrary<Numbers> => {
  const size = shape.reduce((product, n) => product * n, 1);
  const number = fc.oneof(
    fc.float({ min: -4, max: 4, noNaN: true }),
    fc.constantFrom(...special.map(Math.fround), ...notFinite),
  );
  return fc.array(number, { minLength: size, maxLength: size }).map((values) => ({ shape, values }));
};

describe.each(unary.map(({ kernelName }) => kernelName))('%s', (name) => {
  test('is what cpu computes', async () => {
    await fc.assert(
      fc.asyncProperty(
        sized.chain((size) => tensorOf([size])),
        async (x) => expectSame(kernelOf(unary, name), { x }, {}, 2e-6),
      ),
    );
  });
});

test.each(unary.map(({ kernelName }) => kernelName))('%s of a few numbers depends on them alone', async (name) => {
  await tf.setBackend('wasm');
  const workspace = workspaceOf(tf.backend()) as Workspace;
  // The last numbers are computed in a vector of which earlier calls have used the other lanes.
  const aside = workspace.scratch('vector', 16) >>> 2;
  const { compute } = kernelOf(unary, name);
  const results = [0, 1e30].map((left) =>
    Array.from({ length: 400 }, (_, n) =>
      tf.tidy(() => {
        const x = tf.tensor1d([0.01 * n - 2]);
        new Float32Array(workspace.memory.buffer).fill(left, aside, aside + 4);
        return tf
          .engine()
          .makeTensorFromTensorInfo(compute({ x }, {}, workspace) as tf.TensorInfo)
          .dataSync()[0];
      }),
    ),
  );
  expect(results[1]).toEqual(results[0]);
});

/** Two shapes that broadcast: axes of either may be one, or absent in front. */
const shapes = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
    last: fc.integer({ min: 14, max: 21 }),
    ones: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 4, maxLength: 4 }),
    absent: fc.integer({ min: 0, max: 4 }),
    swap: fc.boolean(),
  })
  .map(({ shape, last, ones, absent, swap }) => {
    const full = [...shape, last];
    const a = full.map((n, axis) => (ones[axis]?.[0] ? 1 : n));
    const b = full.map((n, axis) => (ones[axis]?.[1] ? 1 : n)).slice(absent);
    return swap ? ([b, a] as const) : ([a, b] as const);
  })
  .filter(([a, b]) => {
    const shape = broadcast(a, b);
    const { starts, length } = runsOf(shape, a, b);
    return starts.length === 1 || length >= 16;
  });

const broadcast = (a: readonly number[], b: readonly number[]) =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, n) => n + 1)
    .map((n) => Math.max(a.at(-n) ?? 1, b.at(-n) ?? 1))
    .reverse();

describe.each(binary.map(({ kernelName }) => kernelName))('%s', (name) => {
  test('is what cpu computes, of tensors that broadcast', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes.chain(([a, b]) => fc.tuple(tensorOf(a), tensorOf(b))),
        async ([a, b]) => expectSame(kernelOf(binary, name), { a, b }, {}, 2e-6),
      ),
    );
  });

  test('is left to tfjs where runs are short, or of integers', () => {
    const { compute } = kernelOf(binary, name);
    const info = (shape: number[], dtype: 'float32' | 'int32') => ({ dataId: {}, shape, dtype });
    const compared = (shape: number[], dtype: 'float32' | 'int32') =>
      compute({ a: info([40, 3], dtype), b: info(shape, dtype) }, {}, undefined as never);
    expect([compared([3], 'float32'), compared([40, 3], 'int32')]).toEqual([undefined, undefined]);
  });

  test('is empty of empty tensors', async () => {
    const empty = { shape: [0, 3], values: [] };
    await expectSame(kernelOf(binary, name), { a: empty, b: { shape: [1], values: [2] } });
  });
});
