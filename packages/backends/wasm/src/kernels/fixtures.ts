import assert from 'node:assert/strict';
import '@tensorflow/tfjs-backend-cpu';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { wasmBackend } from '../wasm-backend.ts';
import type { Attributes, OwnKernel } from './kernel.ts';
import { type Workspace, workspaceOf } from './workspace.ts';

/** Numbers of a tensor that a test is about. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  readonly dtype?: 'float32' | 'int32';
}

/** The same numbers every time, spread over -1 to 1. */
export function numbers(shape: readonly number[], seed = 1): Numbers {
  const size = shape.reduce((product, n) => product * n, 1);
  return { shape, values: Float32Array.from({ length: size }, (_, n) => Math.sin(1 + n * 0.7 + seed * 1.3 + n * n)) };
}

const tensors = (all: Readonly<Record<string, Numbers>>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(all).map(([name, { shape, values, dtype = 'float32' }]) => [
      name,
      tf.tensor(dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values), [...shape], dtype),
    ]),
  );

/** Starts the backends, wasm last. */
export async function startBackends(): Promise<Workspace> {
  await tf.setBackend('cpu');
  await useBackend(wasmBackend);
  return workspaceOf(tf.backend()) as Workspace;
}

/** What tfjs's kernel computes on the cpu backend. */
export async function onCpu(
  kernelName: string,
  inputs: Readonly<Record<string, Numbers>>,
  attributes: Attributes,
): Promise<Numbers> {
  await tf.setBackend('cpu');
  try {
    return tf.tidy(() => {
      const output = tf.engine().runKernel(kernelName, tensors(inputs), attributes) as tf.Tensor;
      return { shape: output.shape, values: output.dataSync(), dtype: output.dtype as 'float32' };
    });
  } finally {
    await tf.setBackend('wasm');
  }
}

/** What a kernel of ours computes, in memory that was full of NaN, by itself and as tfjs finds it. */
export function onWasm(
  kernel: OwnKernel,
  inputs: Readonly<Record<string, Numbers>>,
  attributes: Attributes,
  size: number,
): Numbers {
  const before = tf.memory();
  const result = tf.tidy(() => {
    const given = tensors(inputs);
    const workspace = workspaceOf(tf.backend()) as Workspace;
    tf.dispose([tf.fill([size], Number.NaN), tf.fill([size], Number.NaN), tf.fill([size], Number.NaN)]);
    const info = kernel.compute(given, attributes, workspace) as tf.TensorInfo;
    assert(info, `${kernel.kernelName} was left to tfjs`);
    const output = info instanceof tf.Tensor ? info : tf.engine().makeTensorFromTensorInfo(info);
    const registered = tf.engine().runKernel(kernel.kernelName, given, attributes) as tf.Tensor;
    const again = registered.dataSync();
    assert(output.dataSync().every((x, n) => Object.is(x, again[n])));
    return { shape: output.shape, values: output.dataSync(), dtype: output.dtype as 'float32' };
  });
  const { numTensors, numBytes } = tf.memory();
  assert.deepEqual([numTensors, numBytes], [before.numTensors, before.numBytes]);
  return result;
}

/** Expects a kernel to compute what cpu's does, but for rounding: up to `tolerance` of the largest number. */
export async function expectSame(
  kernel: OwnKernel,
  inputs: Readonly<Record<string, Numbers>>,
  attributes: Attributes = {},
  tolerance = 1e-5,
): Promise<void> {
  const expected = await onCpu(kernel.kernelName, inputs, attributes);
  const result = onWasm(kernel, inputs, attributes, expected.values.length);
  assert.deepEqual([result.shape, result.dtype], [expected.shape, expected.dtype]);
  const finite = Array.from(expected.values).filter(Number.isFinite);
  const largest = finite.reduce((a, x) => Math.max(a, Math.abs(x)), 1);
  const wrong = Array.from(expected.values).findIndex((x, n) => {
    const y = result.values[n] as number;
    return Number.isFinite(x) ? !(Math.abs(x - y) <= tolerance * largest) : !Object.is(x, y);
  });
  assert(wrong < 0, `at ${wrong}: ${result.values[wrong]} instead of ${expected.values[wrong]}`);
}

/** The kernel of a name. */
export function kernelOf(kernels: readonly OwnKernel[], kernelName: string): OwnKernel {
  return kernels.find((kernel) => kernel.kernelName === kernelName) as OwnKernel;
}
