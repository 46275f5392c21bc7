import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wasmBackend } from '../wasm-backend.ts';
import { convolutions } from './convolution/kernels.ts';
import { unary } from './elementwise/unary.ts';
import { expectSame, kernelOf, numbers } from './fixtures.ts';
import { products } from './mat-mul.ts';
import { type Workspace, workspaceOf } from './workspace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
  await useBackend(wasmBackend, { threads: 2 });
});

afterAll(() => tf.removeBackend('wasm'));

test('kernels work on the shared memory of tfjs with threads', async () => {
  expect((workspaceOf(tf.backend()) as Workspace).shared).toBe(true);
  const transposed = { transposeA: true, transposeB: false };
  await expectSame(kernelOf(products, 'BatchMatMul'), { a: numbers([70, 33]), b: numbers([70, 20]) }, transposed);
  await expectSame(kernelOf(unary, 'Tanh'), { x: numbers([1003]) });
  await expectSame(
    kernelOf(convolutions, 'Conv2DBackpropFilter'),
    { x: numbers([2, 9, 9, 5]), dy: numbers([2, 9, 9, 6], 2) },
    { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 5, 6] },
  );
});

test('plain products are left to tfjs, which has threads for them', () => {
  tf.tidy(() => {
    const [a, b] = [tf.ones([3, 4]), tf.ones([4, 5])];
    const workspace = workspaceOf(tf.backend()) as Workspace;
    const attributes = { transposeA: false, transposeB: false };
    expect(kernelOf(products, 'BatchMatMul').compute({ a, b }, attributes, workspace)).toBeUndefined();
  });
});
