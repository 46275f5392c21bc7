import { NeuralOdeError } from '@neural-ode/core';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test } from 'vitest';
import { wasmBackend } from './wasm-backend.ts';

afterEach(() => {
  if (tf.findBackendFactory('wasm')) tf.removeBackend('wasm');
});

/** Reserves 1 GiB, which no page of memory is touched for. */
const reserve = () => {
  const backend = tf.backend() as unknown as { makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo };
  return tf.engine().makeTensorFromTensorInfo(backend.makeOutput([2 ** 28], 'float32'));
};

test.each([1, 2])('every allocation beyond 4 GiB is an error, threads: %d', async (threads) => {
  await useBackend(wasmBackend, { threads });
  const small = tf.tensor1d([1, 2]);
  const before = tf.memory().numTensors;
  const large = [reserve(), reserve(), reserve()];
  const kernels = wasmBackend.stateKernels?.();
  const [first] = large as [tf.Tensor];
  for (const tooMuch of [
    reserve,
    () => tf.neg(first),
    () => tf.tile(small, [2 ** 27]),
    () => kernels?.combine([1], [first]),
  ]) {
    expect(tooMuch).toThrow(NeuralOdeError);
    expect(tooMuch).toThrow(/no memory left for a tensor of 1073741824 bytes on wasm/);
  }
  expect([...tf.add(small, small).dataSync()]).toEqual([2, 4]);
  tf.dispose(large);
  reserve().dispose();
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.dispose(small);
});

test('the process keeps its listeners when the backend ends', async () => {
  const listener = () => {};
  process.on('uncaughtException', listener);
  try {
    for (const threads of [1, 2]) {
      await useBackend(wasmBackend, { threads });
      tf.removeBackend('wasm');
      expect(process.listeners('uncaughtException')).toContain(listener);
    }
  } finally {
    process.off('uncaughtException', listener);
  }
});
