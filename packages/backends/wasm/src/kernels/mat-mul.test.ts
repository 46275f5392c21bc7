import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { expectSame, kernelOf, numbers, startBackends } from './fixtures.ts';
import { products } from './mat-mul.ts';
import type { Workspace } from './workspace.ts';

let workspace: Workspace;

beforeAll(async () => {
  workspace = await startBackends();
});

const matMul = kernelOf(products, 'BatchMatMul');
const fused = kernelOf(products, '_FusedMatMul');

const size = fc.oneof(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 70 }));
const shapes = fc.record({
  batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  rows: size,
  inner: size,
  columns: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

test('products of any shape are those of cpu', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ({ batch, rows, inner, columns, transposeA, transposeB }) => {
      fc.pre(batch.every((n) => n === 1) || rows * inner * columns >= 1000);
      const a = numbers([...batch, ...(transposeA ? [inner, rows] : [rows, inner])]);
      const b = numbers([...batch, ...(transposeB ? [columns, inner] : [inner, columns])], 2);
      await expectSame(matMul, { a, b }, { transposeA, transposeB });
    }),
  );
});

test.each([
  [130, 257, 9],
  [5, 600, 515],
  [129, 1, 1025],
])('%d rows, %d steps and %d columns, more than are packed at once', async (rows, inner, columns) => {
  for (const [transposeA, transposeB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const a = numbers(transposeA ? [inner, rows] : [rows, inner]);
    const b = numbers(transposeB ? [columns, inner] : [inner, columns], 2);
    await expectSame(matMul, { a, b }, { transposeA, transposeB });
  }
});

test.each([
  [
    [0, 4],
    [4, 5],
  ],
  [
    [3, 4],
    [4, 0],
  ],
])('%j times %j is empty', async (a, b) => {
  await expectSame(matMul, { a: numbers(a), b: numbers(b) }, { transposeA: false, transposeB: false });
});

test('a sum over nothing is zero', () => {
  tf.tidy(() => {
    const product = tf.matMul(tf.zeros([0, 3]), tf.zeros([0, 2]), true);
    expect([product.shape, ...product.dataSync()]).toEqual([[3, 2], 0, 0, 0, 0, 0, 0]);
  });
});

test('matrices broadcast', async () => {
  for (const [a, b] of [
    [
      [2, 3, 4, 5],
      [5, 6],
    ],
    [
      [4, 5],
      [7, 5, 6],
    ],
  ] as const) {
    await expectSame(matMul, { a: numbers(a), b: numbers(b, 2) }, { transposeA: false, transposeB: false });
  }
});

test('matrices broadcast both ways, as cpu does not', () => {
  tf.tidy(() => {
    const [a, b] = [tf.randomUniform([1, 3, 4, 5]), tf.randomUniform([2, 1, 5, 6])];
    const expected = tf.matMul(tf.tile(a, [2, 1, 1, 1]), tf.tile(b, [1, 3, 1, 1]));
    expect(tf.max(tf.abs(tf.sub(tf.matMul(a, b), expected))).dataSync()[0]).toBeLessThan(1e-6);
  });
});

test('NaN and infinity show in their row and column only', async () => {
  const a = { shape: [3, 9], values: numbers([3, 9]).values };
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const values = Float32Array.from(a.values).with(10, bad);
    await expectSame(
      matMul,
      { a: { shape: [3, 9], values }, b: numbers([5, 9], 2) },
      { transposeA: false, transposeB: true },
    );
  }
});

test.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'])(
  'a layer of activation %s',
  async (activation) => {
    for (const bias of [{}, { bias: numbers([7], 3) }]) {
      await expectSame(
        fused,
        {
          a: numbers([2, 5, 6]),
          b: numbers([2, 7, 6], 2),
          ...bias,
          ...(activation === 'prelu' && { preluActivationWeights: numbers([7], 4) }),
        },
        { transposeA: false, transposeB: true, activation, leakyreluAlpha: 0.3 },
      );
    }
  },
);

test('gradients of products are those of cpu', async () => {
  const gradients = () =>
    tf.tidy(() => {
      const a = tf.tensor(Float32Array.from(numbers([3, 17, 5]).values), [3, 17, 5]);
      const b = tf.tensor(Float32Array.from(numbers([3, 9, 5], 2).values), [3, 9, 5]);
      const grads = tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a, b, false, true))))([a, b]);
      return grads.flatMap((grad) => [...grad.dataSync()]);
    });
  const ours = gradients();
  await tf.setBackend('cpu');
  const expected = gradients();
  await tf.setBackend('wasm');
  expect(ours.every((x, n) => Math.abs(x - (expected[n] as number)) < 1e-4)).toBe(true);
});

test.each([false, true])('sees a weight that was written in place (transposed: %s)', (transposed) => {
  tf.tidy(() => {
    const [a, b] = [tf.ones([3, 4]), tf.ones([4, 4])];
    const product = () => tf.matMul(a, b, false, transposed).dataSync()[0];
    expect(product()).toBe(4);
    new Float32Array(workspace.memory.buffer, workspace.address(b), 16).fill(2);
    expect(product()).toBe(8);
  });
});
