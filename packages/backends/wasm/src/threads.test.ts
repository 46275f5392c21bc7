import { useBackend } from '@neural-ode/tensor';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { compile } from '@neural-ode/compiler';
import { odeint } from 'neural-ode';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { mostThreads } from './threaded-module.ts';
import { type WasmBackendOptions, wasmBackend } from './wasm-backend.ts';

/** Starts the backend as plain tfjs does. */
const tfjsFactory = tf.findBackendFactory('wasm');
const start = (options: WasmBackendOptions = {}) => useBackend(wasmBackend, options);
const refusal = (options: WasmBackendOptions) => start(options).catch(({ reasons }) => reasons.wasm);
const listeners = () => ['uncaughtException', 'unhandledRejection'].map((event) => process.listeners(event as never));

const before = { listeners: listeners(), worker: Object.getOwnPropertyDescriptor(globalThis, 'Worker') };

beforeAll(async () => {
  expect(await start({ threads: 2 })).toMatchObject({ name: 'wasm', simd: true, threads: 2, precision: 'float32' });
});

test('leaves nothing behind in the process', () => {
  expect(listeners()).toEqual(before.listeners);
  expect(Object.getOwnPropertyDescriptor(globalThis, 'Worker')).toEqual(before.worker);
});

const images = (channels: number) => tf.reshape(tf.sin(tf.range(0, 4 * 17 * 17 * channels)), [4, 17, 17, channels]);
const filters = (side: number, from: number, to: number) =>
  tf.reshape(tf.cos(tf.range(0, side * side * from * to)), [side, side, from, to]);

/** What uses tfjs's pool of threads. */
const operations: Record<string, () => tf.Tensor> = {
  matMul: () =>
    tf.matMul(tf.reshape(tf.sin(tf.range(0, 6000)), [100, 60]), tf.reshape(tf.range(-1, 1, 1 / 1500), [60, 50])),
  'batched matMul': () => {
    const x = tf.reshape(tf.sin(tf.range(0, 3 * 40 * 50)), [3, 40, 50]);
    return tf.matMul(x, x, false, true);
  },
  conv2d: () => tf.conv2d(images(8) as tf.Tensor4D, filters(3, 8, 16) as tf.Tensor4D, 1, 'same'),
  'conv2d, 1x1': () => tf.conv2d(images(8) as tf.Tensor4D, filters(1, 8, 24) as tf.Tensor4D, 1, 'valid'),
  'depthwise conv2d': () => tf.depthwiseConv2d(images(8) as tf.Tensor4D, filters(3, 8, 2) as tf.Tensor4D, 1, 'same'),
  maxPool: () => tf.maxPool(tf.add(images(8), 2) as tf.Tensor4D, 2, 2, 'same'),
  avgPool: () => tf.avgPool(images(8) as tf.Tensor4D, 3, 1, 'valid'),
  add: () => tf.add(tf.sin(tf.range(0, 100_000)), tf.range(0, 100_000)),
  sigmoid: () => tf.sigmoid(tf.linspace(-9, 9, 100_000)),
  softmax: () => tf.softmax(tf.reshape(tf.sin(tf.range(0, 60_000)), [300, 200])),
  pad: () =>
    tf.pad(
      images(3),
      [
        [0, 0],
        [1, 2],
        [3, 0],
        [0, 1],
      ],
      0.5,
    ),
  transpose: () => tf.transpose(images(5), [3, 1, 0, 2]),
  resizeBilinear: () => tf.image.resizeBilinear(images(3) as tf.Tensor4D, [33, 40]),
};

async function on(backend: string, f: () => tf.Tensor): Promise<Float32Array> {
  await tf.setBackend(backend);
  const tensors = tf.memory().numTensors;
  const result = tf.tidy(() => f().dataSync<'float32'>());
  expect(tf.memory().numTensors).toBe(tensors);
  return result;
}

describe('two threads compute what the cpu backend does', () => {
  test.each(Object.entries(operations))('%s', async (_name, operation) => {
    const expected = await on('cpu', operation);
    for (let times = 0; times < 5; times++) {
      expect(relativeError(await on('wasm', operation), expected)).toBeLessThan(1e-5);
    }
  });

  test('the state kernels, on shared memory that grows', async () => {
    await start();
    const kernels = wasmBackend.stateKernels?.();
    const { wasmMemory } = (tf.backend() as unknown as { wasm: { wasmMemory: WebAssembly.Memory } }).wasm;
    expect(wasmMemory.buffer).toBeInstanceOf(SharedArrayBuffer);
    const tensors = tf.memory().numTensors;
    const bytes = wasmMemory.buffer.byteLength;
    tf.tidy(() => {
      const [x, y] = [tf.range(0, 1001), tf.fill([1001], 2)];
      const first = kernels?.combine([1, 0.5], [x, y]) as tf.Tensor;
      const large = tf.fill([bytes / 4], 1);
      expect(wasmMemory.buffer.byteLength).toBeGreaterThan(bytes);
      expect(first.dataSync()[1000]).toBe(1001);
      const second = kernels?.combine([2, 1, -1], [large, large, large]) as tf.Tensor;
      expect(second.dataSync().every((value) => value === 2)).toBe(true);
      expect(kernels?.dot(first, y)).toBe(2 * (500 * 1001 + 1001));
    });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('a solve and its gradient, also in threads of the compiler', async () => {
    await start();
    const w = tf.variable(tf.tensor2d([-0.1, 2, -2, -0.1], [2, 2]));
    const y0 = tf.tensor2d([2, 0, 1, 1, 0, 1], [3, 2]);
    const f = (_t: tf.Scalar, y: tf.Tensor) => tf.matMul(tf.tanh(y), w as tf.Tensor);
    const compiled = compile(f, { example: y0 });
    await compiled.useThreads(2);
    const gradients = [f, compiled].map((f) => {
      const loss = () => tf.sum(tf.square(odeint(f, y0, [0, 1], { states: 'tensors' }))) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss);
      return [...value.dataSync(), ...(grads[w.name] as tf.Tensor).dataSync()];
    });
    await compiled.useThreads(1);
    expect(relativeError(gradients[0] as number[], gradients[1] as number[])).toBeLessThan(1e-4);
    tf.disposeVariables();
  });
});

test('the number stays what it was at the start', async () => {
  expect(await start()).toMatchObject({ threads: 2 });
  expect(await start({ threads: 2 })).toMatchObject({ threads: 2 });
  for (const threads of [1, 3]) {
    expect(await refusal({ threads })).toBe(
      `it runs with threads: 2 already: ask for ${threads} where it is started first, or end it by tf.removeBackend('wasm'), ` +
        'which loses its tensors.',
    );
  }
  expect(tf.getBackend()).toBe('wasm');
  expect(await start()).toMatchObject({ threads: 2 });
});

test.each([0, -1, 1.5, Number.NaN, '2'])('%j is no number of threads', async (threads) => {
  expect(await refusal({ threads: threads as number })).toMatch(/threads is .*: give a positive integer/);
});

test('starts anew after it was ended', async () => {
  const product = () => tf.matMul(tf.ones([64, 64]), tf.ones([64, 64]));
  const warnings: string[] = [];
  for (const [threads, count] of [
    [1, 1],
    [3, 3],
    [undefined, 1],
    [20, mostThreads],
    [2, 2],
  ] as const) {
    tf.removeBackend('wasm');
    expect(await start({ threads, warn: (message) => warnings.push(message) })).toMatchObject({ threads: count });
    expect((await on('wasm', product)).every((value) => value === 64)).toBe(true);
  }
  expect(warnings).toEqual(['wasm has 8 threads at most, not 20.']);
  expect(listeners()).toEqual(before.listeners);
});

test('starts once for all who ask at the same time', async () => {
  tf.removeBackend('wasm');
  const [one, ...others] = [start({ threads: 2 }), start({ threads: 2 }), start()];
  await one;
  const backend = tf.backend();
  for (const other of others) expect(await other).toMatchObject({ threads: 2 });
  expect(tf.backend()).toBe(backend);
});

test('gives way to whoever started it meanwhile', async () => {
  tf.removeBackend('wasm');
  const other = await (tfjsFactory as () => Promise<tf.KernelBackend>)();
  const validate = vi.spyOn(WebAssembly, 'validate').mockImplementationOnce(() => {
    tf.registerBackend('wasm', () => other);
    void tf.setBackend('wasm');
    return true;
  });
  try {
    expect(await refusal({ threads: 2 })).toBe('somebody else started it meanwhile: start it in one place.');
    expect(validate).toHaveBeenCalledOnce();
    expect(tf.findBackend('wasm')).toBe(other);
  } finally {
    validate.mockRestore();
  }
});

describe('where threads cannot be had', () => {
  test('says what is missing, and starts with one', async () => {
    tf.removeBackend('wasm');
    const shared = globalThis.SharedArrayBuffer;
    Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
    try {
      expect(await refusal({ threads: 2 })).toMatch(/^threads need SharedArrayBuffer, .* Cross-Origin-Opener-Policy/);
      expect(await start()).toMatchObject({ threads: 1 });
    } finally {
      globalThis.SharedArrayBuffer = shared;
    }
  });

  test('names a binary that is missing', async () => {
    tf.removeBackend('wasm');
    const reason = await refusal({ threads: 2, wasmPaths: '/nowhere' });
    expect(reason).toMatch(/^\/nowhere\/tfjs-backend-wasm-threaded-simd\.wasm cannot be read \(ENOENT/);
    expect(await start({ threads: 2 })).toMatchObject({ threads: 2 });
  });
});
