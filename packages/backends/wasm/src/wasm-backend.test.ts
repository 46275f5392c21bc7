import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError, describeBackend, useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import './register.ts';
import { wasmBackend } from './index.ts';

// In this order: a failed start must leave the next one possible.
test('names a binary that is missing', async () => {
  const error = await useBackend('wasm', { wasmPaths: '/nowhere/at/all' }).catch((e) => e);
  expect(error).toBeInstanceOf(BackendError);
  expect(error.reasons.wasm).toMatch(/^\/nowhere\/at\/all\/tfjs-backend-wasm-simd\.wasm cannot be read \(ENOENT/);
});

test('names a binary that is broken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-'));
  writeFileSync(join(folder, 'tfjs-backend-wasm-simd.wasm'), 'no wasm');
  await expect(useBackend(wasmBackend, { wasmPaths: folder })).rejects.toThrow(
    /tfjs-backend-wasm-simd\.wasm is no WebAssembly/,
  );
  await expect(useBackend(wasmBackend, { wasmPaths: {} })).rejects.toThrow(/wasmPaths has no entry/);
});

test('starts, again and again, and leaves no process listener', async () => {
  const listeners = () => [
    process.listeners('uncaughtException').length,
    process.listeners('unhandledRejection').length,
  ];
  const before = listeners();
  for (const which of ['wasm', wasmBackend, ['wasm'], 'auto'] as const) {
    expect(await useBackend(which)).toMatchObject({ name: 'wasm', simd: true, threads: 1 });
  }
  expect(tf.getBackend()).toBe('wasm');
  expect(listeners()).toEqual(before);
});

test('computes, and tells what it holds', async () => {
  await useBackend('wasm');
  const x = tf.tensor1d([1, 2, 3]);
  const y = tf.add(x, x);
  expect([...y.dataSync()]).toEqual([2, 4, 6]);
  expect(describeBackend()).toMatchObject({ name: 'wasm', bytes: 24, tensors: 2 });
  tf.dispose([x, y]);
});

test('differentiates a fused convolution by its filter', async () => {
  await useBackend('wasm');
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.reshape(tf.linspace(-1, 1, 100), [2, 5, 5, 2]) as tf.Tensor4D;
    const filter = tf.reshape(tf.linspace(-1, 1, 36), [3, 3, 2, 2]) as tf.Tensor4D;
    const fused = tf.grad((filter) =>
      tf.sum(tf.square(tf.fused.conv2d({ x, filter: filter as tf.Tensor4D, strides: 1, pad: 'same' }))),
    )(filter);
    const plain = tf.grad((filter) => tf.sum(tf.square(tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'))))(filter);
    expect([...tf.abs(tf.sub(fused, plain)).dataSync()].every((difference) => difference < 1e-3)).toBe(true);
  });
  expect(tf.memory().numTensors).toBe(before);
});
