import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';

/** The package and the one that it works for, as if they were installed once more; tfjs is there once. */
async function install() {
  vi.resetModules();
  const [{ wasmBackend }, tensor] = await Promise.all([import('./index.ts'), import('@neural-ode/tensor')]);
  return { wasmBackend, ...tensor };
}

test.each([1, 2])('a second install changes nothing, threads: %d', async (threads) => {
  const first = await install();
  await first.useBackend(first.wasmBackend, { threads });
  const kernels = new Map(tf.getKernelsForBackend('wasm').map((kernel) => [kernel.kernelName, kernel]));
  const backend = tf.backend() as tf.KernelBackend & { wasm: { _malloc: unknown; tfjs: { dispose: unknown } } };
  const { wasm } = backend;
  const functions = [wasm._malloc, wasm.tfjs.dispose];

  const second = await install();
  expect(second.wasmBackend).not.toBe(first.wasmBackend);
  const description = await second.useBackend(second.wasmBackend, { threads });
  expect(description).toEqual(first.describeBackend());
  expect(tf.backend()).toBe(backend);
  expect([wasm._malloc, wasm.tfjs.dispose]).toEqual(functions);
  const now = tf.getKernelsForBackend('wasm');
  expect(now.length).toBe(kernels.size);
  for (const kernel of now) expect(kernel).toBe(kernels.get(kernel.kernelName));
  tf.removeBackend('wasm');
});
