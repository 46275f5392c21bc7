import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-node/register';
import '@neural-ode/backend-wasm/register';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError, useBackend } from 'neural-ode';
import { type Runner, Unavailable } from '../entry.ts';
import { node18Step } from '../problems/node18.ts';
import type { Operation } from '../problems/operation.ts';

export type Backend = 'cpu' | 'tensorflow' | 'wasm';

/** An operation as a backend of neural-ode does it. */
export async function ownOperation(operation: Operation, backend: Backend, threads?: number): Promise<Runner> {
  await start(backend, threads);
  return runner(operation);
}

/** A training step of NODE18 on a backend of neural-ode. */
export async function node18On(
  sizes: Parameters<typeof node18Step>[0],
  backend: Backend,
  threads?: number,
): Promise<Runner> {
  await start(backend, threads);
  return node18Step(sizes);
}

async function start(backend: Backend, threads: number | undefined): Promise<void> {
  try {
    await useBackend(backend, { threads });
  } catch (error) {
    if (error instanceof BackendError) throw new Unavailable(`not installed: ${error.reasons[backend]}`);
    throw error;
  }
}

/** An operation as TensorFlow.js's own wasm backend does it. */
export async function stockOperation(operation: Operation): Promise<Runner> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(main)}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its wasm backend.');
  return runner(operation);
}

function runner({ inputs, kernel, run }: Operation): Runner {
  if (kernel && !tf.getKernel(kernel, tf.getBackend())) {
    throw new Unavailable(`not there: tfjs has no ${kernel} on ${tf.getBackend()}`);
  }
  const tensors = inputs.map(({ shape, values }) => tf.tensor(Float32Array.from(values), [...shape]));
  let result: ArrayLike<number> | undefined;
  return {
    run() {
      const output = run(tensors);
      // Read once, to be compared: reading takes as long as some operations do.
      result ??= output.dataSync<'float32'>().slice();
      output.dispose();
      return result;
    },
    dispose: () => tf.dispose(tensors),
  };
}
