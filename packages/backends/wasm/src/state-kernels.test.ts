import { ModuleBuilder } from '@neural-ode/assembler';
import { type StateKernels, useBackend } from '@neural-ode/tensor';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { odeint } from 'neural-ode';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Combination, emitCombination } from './emit-combination.ts';
import { emitSums, type Sums } from './emit-sums.ts';
import { stateKernelsOf } from './state-kernels.ts';
import { wasmBackend } from './wasm-backend.ts';

let kernels: StateKernels;

beforeAll(async () => {
  await useBackend(wasmBackend);
  kernels = wasmBackend.stateKernels?.() as StateKernels;
  expect(kernels).toBeDefined();
});

const sizes = [0, 1, 3, 4, 5, 1023, 65_536];
const counts = Array.from({ length: 17 }, (_, n) => n + 1);

/** The same numbers every time, from -1 to 1, as float32 holds them. */
const numbers = (size: number, seed: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * 0.7 + seed * 1.3));

const weights = (count: number) => Array.from({ length: count }, (_, j) => Math.fround(Math.cos(j) * 2));

/** What `f` makes of tensors of these numbers, of which nothing is left. */
function withTensors<T>(arrays: readonly Float32Array[], f: (tensors: tf.Tensor[]) => T): T {
  const before = tf.memory();
  tf.engine().startScope();
  const result = f(arrays.map((array) => tf.tensor1d(array)));
  tf.engine().endScope();
  expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  return result;
}

describe.each(sizes)('tensors of %d components', (size) => {
  test.each(counts)('%d of them combine as doubles do, to the precision of float32', (count) => {
    const arrays = counts.slice(0, count).map((seed) => numbers(size, seed));
    const coefficients = weights(count);
    const sum = withTensors(arrays, (tensors) => kernels.combine(coefficients, tensors).dataSync());
    expect(sum.length).toBe(size);
    let worst = 0;
    for (let i = 0; i < size; i++) {
      const products = arrays.map((array, j) => (coefficients[j] as number) * (array[i] as number));
      const exact = products.reduce((a, b) => a + b, 0);
      const scale = products.reduce((a, b) => a + Math.abs(b), 0);
      worst = Math.max(worst, Math.abs((sum[i] as number) - exact) / scale);
    }
    expect(worst).toBeLessThanOrEqual(count * 2 ** -24);
  });

  test('have the sums that doubles have', () => {
    const [error, y0, y1] = [1, 2, 3].map((seed) => numbers(size, seed)) as [Float32Array, Float32Array, Float32Array];
    const [rtol, atol] = [1e-3, 1e-50];
    let [dot, squares] = [0, 0];
    error.forEach((e, i) => {
      dot += e * (y0[i] as number);
      squares += (e / (atol + rtol * Math.max(Math.abs(y0[i] as number), Math.abs(y1[i] as number)))) ** 2;
    });
    const sums = withTensors([error, y0, y1], ([e, a, b]) => [
      kernels.dot(e as tf.Tensor, a as tf.Tensor),
      kernels.scaledSquares(e as tf.Tensor, a as tf.Tensor, b as tf.Tensor, rtol, atol),
    ]);
    expect(Math.abs((sums[0] as number) - dot)).toBeLessThanOrEqual(1e-13 * size);
    expect(Math.abs((sums[1] as number) - squares)).toBeLessThanOrEqual(1e-12 * squares);
  });
});

test('combine whatever float32 holds, as tfjs does', () => {
  const state = fc.array(fc.float({ noNaN: true }), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.float(), state), { minLength: 1, maxLength: 20 }), (terms) => {
      const arrays = terms.map(([, values]) => Float32Array.from(values));
      const coefficients = terms.map(([coefficient]) => coefficient);
      withTensors(arrays, (tensors) => {
        const products = tensors.map((tensor, j) => tf.mul(tensor, coefficients[j] as number));
        const expected = products.reduce((sum, product) => tf.add(sum, product));
        expect(kernels.combine(coefficients, tensors).dataSync()).toEqual(expected.dataSync());
      });
    }),
  );
});

test('take one tensor twice, scalars and any rank', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.tensor2d([[1, 2, 3]]);
    const twice = kernels.combine([2, -0.5], [x, x]);
    expect(twice.shape).toEqual([1, 3]);
    expect([...twice.dataSync()]).toEqual([1.5, 3, 4.5]);
    const copy = kernels.combine([1], [x]);
    x.dispose();
    expect([...copy.dataSync()]).toEqual([1, 2, 3]);
    const scalar = kernels.combine([3], [tf.scalar(2)]);
    expect([scalar.shape, scalar.dataSync()[0]]).toEqual([[], 6]);
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('make the solves and gradients of tensor states those of array states', () => {
  const weight = tf.variable(tf.tidy(() => tf.tensor2d([-0.1, 2, -2, -0.1], [2, 2])));
  const run = (y0: tf.Tensor, states: 'arrays' | 'tensors', gradient: 'aca' | 'adjoint') => {
    const f = (_t: tf.Scalar, y: tf.Tensor) => tf.matMul(tf.mul(y, tf.square(y)), weight as tf.Tensor);
    const options = { solver: 'dopri5', states, gradient } as const;
    const loss = () => tf.sum(tf.square(odeint(f, tf.reshape(y0, [3, 2]), [0, 1], options))) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    return [...value.dataSync(), ...(grads[weight.name] as tf.Tensor).dataSync()];
  };
  for (const gradient of ['aca', 'adjoint'] as const) {
    withTensors([Float32Array.of(2, 0, 0, 1, 1, 1)], ([y0]) => {
      const [arrays, tensors] = (['arrays', 'tensors'] as const).map((states) =>
        run(y0 as tf.Tensor, states, gradient),
      );
      expect(relativeError(tensors as number[], arrays as number[])).toBeLessThan(1e-4);
    });
  }
  weight.dispose();
});

test.each([
  [[0, 0], [0, 1], [0, 1], 0, 0],
  [[0, 3], [0, -1], [0, 0.5], 1, 9],
])('an error of %j between %j and %j', (error, y0, y1, rtol, expected) => {
  const sum = withTensors(
    [error, y0, y1].map((values) => Float32Array.from(values)),
    ([e, a, b]) => kernels.scaledSquares(e as tf.Tensor, a as tf.Tensor, b as tf.Tensor, rtol, 0),
  );
  expect(sum).toBe(expected);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a component %d shows in every sum',
  (bad) => {
    for (const place of [0, 4]) {
      const good = Float32Array.of(1, 0, 1, 1, 0);
      const spoilt = good.with(place, bad);
      for (const arrays of [
        [spoilt, good, good],
        [good, spoilt, good],
        [good, good, spoilt],
      ]) {
        const sum = withTensors(arrays, ([e, a, b]) =>
          kernels.scaledSquares(e as tf.Tensor, a as tf.Tensor, b as tf.Tensor, 0.1, 0.1),
        );
        expect(sum).not.toSatisfy(Number.isFinite);
      }
      expect(withTensors([spoilt], ([x]) => kernels.dot(x as tf.Tensor, x as tf.Tensor))).not.toSatisfy(
        Number.isFinite,
      );
    }
  },
);

test('memory does not grow over 20,000 combinations', () => {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const before = tf.memory().numTensors;
  const terms = [1, 2, 3, 4].map((seed) => tf.tensor1d(numbers(65_536, seed)));
  const some = (n: number) => {
    for (let i = 0; i < n; i++) kernels.combine(weights(4), terms).dispose();
  };
  some(10);
  const bytes = wasm.HEAPU8.length;
  some(20_000);
  expect(wasm.HEAPU8.length).toBe(bytes);
  tf.dispose(terms);
  expect(tf.memory().numTensors).toBe(before);
});

test('are absent where the backend is not as expected inside', () => {
  const own = tf.backend();
  const { memory } = (own as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm;
  const HEAPU8 = new Uint8Array(memory.buffer);
  for (const inside of [
    {},
    { wasm: {} },
    { wasm: { asm: { memory }, HEAPU8: new Uint8Array(8) }, dataIdMap: new Map(), makeOutput: () => {} },
    { wasm: { wasmMemory: memory, HEAPU8 }, makeOutput: () => {} },
    { wasm: { wasmMemory: memory, HEAPU8 }, dataIdMap: new Map() },
  ]) {
    expect(stateKernelsOf(inside as unknown as tf.KernelBackend)).toBeUndefined();
  }
});

test('say so when the memory is full', () => {
  const own = tf.backend() as unknown as Record<string, never>;
  const full = Object.create(own, {
    // As tfjs does when malloc returns 0.
    makeOutput: {
      value: (shape: number[]) => {
        const dataId = {};
        (own.dataIdMap as unknown as Map<object, object>).set(dataId, { id: 0, memoryOffset: 0, shape, refCount: 1 });
        return { dataId, shape, dtype: 'float32' };
      },
    },
  });
  const before = tf.memory().numTensors;
  const x = tf.tensor1d([1, 2]);
  expect(() => stateKernelsOf(full)?.combine([1], [x])).toThrow(/no memory left for a tensor of 2 components/);
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('work on the shared memory of a threaded build', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', { min: 1, max: 65_536, shared: true });
  emitCombination(module, 2);
  emitSums(module);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.build()), { env: { memory } });
  const floats = new Float32Array(memory.buffer);
  floats.set([1, 2, 3, 4, 5, 10, 20, 30, 40, 50]);
  (exports.combine as Combination)(40, 20, 0, 20, 2, 0.5);
  expect([...floats.subarray(10, 16)]).toEqual([7, 14, 21, 28, 35, 0]);
  expect((exports as unknown as Sums).dot(0, 20, 20)).toBe(550);
});
