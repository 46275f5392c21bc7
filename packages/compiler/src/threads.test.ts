import '@tensorflow/tfjs-backend-cpu';
import { InvalidInputError } from '@neural-ode/core';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, odeintVjp, solve } from 'neural-ode';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type Compiled, compile } from './index.ts';
import { ThreadPool } from './threads/pool.ts';

await tf.setBackend('cpu');

const samples = 7;
const example = tf.zeros([samples, 3]);
const [weights, back, bias] = tf.tidy(() => [
  tf.variable(tf.sin(tf.reshape(tf.range(0, 15), [3, 5])) as tf.Tensor2D),
  tf.variable(tf.cos(tf.reshape(tf.range(0, 15), [5, 3])) as tf.Tensor2D),
  tf.variable(tf.tensor1d([0.1, -0.2, 0.3])),
]);
const network = (_t: tf.Scalar, y: tf.Tensor2D) => tf.add(tf.matMul(tf.tanh(tf.matMul(y, weights)), back), bias);
const y0 = Float64Array.from({ length: 3 * samples }, (_, n) => Math.sin(2 + n));
const ts = [0, 0.3, 1.1, 2];

const started: Compiled<unknown>[] = [];
async function threaded<F extends Parameters<typeof compile>[0]>(
  f: F,
  options: Parameters<typeof compile>[1],
  count: number,
): Promise<Compiled<F>> {
  const compiled = compile(f, options);
  await compiled.useThreads(count);
  started.push(compiled);
  return compiled;
}
afterAll(() => Promise.all(started.map((compiled) => compiled.useThreads(1))));

describe.each([2, 3])('a batch in %d threads', (count) => {
  test.each([
    ['dopri5', { rtol: 1e-6, atol: 1e-8 }],
    ['dop853', { rtol: 1e-8, atol: 1e-8 }],
    ['rk4', { stepSize: 0.07 }],
    ['tsit5', { rtol: Float64Array.from(y0, (_, n) => 10 ** (-4 - (n % 3))), stops: [0.77], controller: 'pi' }],
  ] as const)('has the states and gradients of one thread: %s', async (solver, given) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const [many, one] = [await threaded(network, { example, dtype }, count), compile(network, { example, dtype })];
      const options = { solver, ...given, wantTimes: true };
      const [expected, actual] = [one, many].map((f) => odeintVjp(f, y0, ts, options));
      if (!expected || !actual) throw new Error('Two solves were due.');
      const close = dtype === 'float64' ? 1e-11 : 2e-4;
      expect(actual.stats).toEqual(expected.stats);
      expect(relativeError(actual.mesh.ts, expected.mesh.ts)).toBeLessThan(close);
      for (const [n, y] of actual.ys.entries())
        expect(relativeError(y, expected.ys[n] as Float64Array)).toBeLessThan(close);
      const cotangents = expected.ys.map((y, n) => (n === 1 ? undefined : y.map((value, i) => value + Math.cos(i))));
      const [before, after] = [expected.pullback(cotangents), actual.pullback(cotangents)];
      expect(relativeError(after.y0, before.y0)).toBeLessThan(close);
      expect(relativeError(after.parameters, before.parameters)).toBeLessThan(close);
      expect(after.stats).toEqual(before.stats);
    }
  });

  test('has the gradients of one thread where layers are kept', async () => {
    const wide = tf.tidy(() => tf.sin(tf.reshape(tf.range(0, 120), [3, 40])) as tf.Tensor2D);
    const layers = (t: tf.Scalar, y: tf.Tensor2D) =>
      tf.matMul(tf.tanh(tf.add(tf.matMul(y, wide), t)), wide, false, true);
    const options = { example: tf.zeros([24, 3]) };
    const [many, one] = [await threaded(layers, options, count), compile(layers, options)];
    const start = Float64Array.from({ length: 72 }, (_, n) => Math.sin(2 + n));
    const [expected, actual] = [one, many].map((f) => {
      const { ys, pullback } = odeintVjp(f, start, [0, 0.13, 0.4], { rtol: 1e-6 });
      return pullback([undefined, ...ys.slice(1)]);
    });
    expect(relativeError(actual!.y0, expected!.y0)).toBeLessThan(1e-11);
    expect(relativeError(actual!.parameters, expected!.parameters)).toBeLessThan(1e-11);
  });

  test('that is a tree of tensors, inside a gradient of tfjs', async () => {
    const f = (_t: tf.Scalar, { a, b }: { a: tf.Tensor3D; b: tf.Tensor2D }, rate: tf.Scalar) => ({
      a: tf.mul(rate, tf.neg(tf.mul(a, tf.expandDims(b, 1)))),
      b: tf.sin(tf.mean(a, 1)),
    });
    const state = { a: tf.ones([5, 2, 3]), b: tf.ones([5, 3]) };
    const rate = tf.scalar(0.7);
    const options = { example: state, args: rate };
    const [many, one] = [await threaded(f, options, count), compile(f, options)];
    const gradients = [many, one].map((field) =>
      tf.grads((a, b, k) => {
        const y = { a: tf.sin(tf.mul(a, 3)) as tf.Tensor3D, b: tf.cumsum(b) as tf.Tensor2D };
        const ys = odeint(field, y, [0, 1], { args: k as tf.Scalar, rtol: 1e-8, atol: 1e-8 });
        return tf.add(tf.sum(tf.slice(ys.a, 1)), tf.sum(tf.square(tf.slice(ys.b, 1))));
      })([state.a, state.b, rate]),
    );
    for (const n of [0, 1, 2]) {
      const [actual, expected] = gradients.map((parts) => (parts[n] as tf.Tensor).dataSync());
      expect(relativeError(actual as Float32Array, expected as Float32Array)).toBeLessThan(1e-6);
    }
  });

  test('with steps of each sample its own, to the bit', async () => {
    const options = { example, ownSteps: true };
    const [many, one] = [await threaded(network, options, count), compile(network, options)];
    const [actual, expected] = [many, one].map((f) => solve({ f, y0, t0: 0, t1: 2 }, { saveAt: ts, rtol: 1e-7 }));
    expect(actual?.ys).toEqual(expected?.ys);
    expect(actual?.samples?.map(({ mesh, stats }) => [mesh, stats])).toEqual(
      expected?.samples?.map(({ mesh, stats }) => [mesh, stats]),
    );
    expect(actual?.stats).toEqual(expected?.stats);
  });
});

test.each([
  ['where the one has room for fewer steps than the other', [7, 100], { maxStep: 0.01 }],
  ['where only the one is straight code, with fixed steps', [3, 1], { stepSize: 0.05 }],
] as const)('parts of different sizes stay together: %s', async (_, shape, options) => {
  const f = (_t: tf.Scalar, y: tf.Tensor2D) => tf.sin(tf.mul(y, 3));
  const batch = { example: tf.zeros([...shape]) };
  const start = Array.from({ length: shape[0] * shape[1] }, (_, n) => Math.sin(n));
  const [many, one] = [await threaded(f, batch, 2), compile(f, batch)];
  const [actual, expected] = [many, one].map((field) => solve({ f: field, y0: start, t0: 0, t1: 1 }, options));
  expect(actual?.stats).toEqual(expected?.stats);
  expect(relativeError(actual?.ys[0] as Float64Array, expected?.ys[0] as Float64Array)).toBeLessThan(1e-12);
});

test('fewer samples than threads, and failures, which name what went wrong', async () => {
  const f = (_t: tf.Scalar, y: tf.Tensor2D) => tf.square(y);
  const many = await threaded(f, { example: tf.zeros([2, 1]) }, 5);
  expect(
    [...(solve({ f: many, y0: [0.1, 0.2], t0: 0, t1: 1 }, { rtol: 1e-9 }).ys[0] ?? [])].map((y) => y.toFixed(6)),
  ).toEqual([(0.1 / 0.9).toFixed(6), (0.2 / 0.8).toFixed(6)]);
  const one = compile(f, { example: tf.zeros([2, 1]) });
  const failures = [many, one].map((field) => solve({ f: field, y0: [0.1, 2], t0: 0, t1: 1 }, { throw: false }));
  expect(failures.map(({ status }) => status)).toEqual([failures[1]?.status, failures[1]?.status]);
  expect(failures[0]?.status).not.toBe('success');
});

test('what cannot be split is refused', async () => {
  const mixing = (_t: tf.Scalar, y: tf.Tensor2D) => tf.sub(tf.mean(y, 0, true), y);
  await expect(compile(mixing, { example }).useThreads(2)).rejects.toThrow(/mixes the samples/);
  const single = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.neg(y), { example: [1, 2] });
  await expect(single.useThreads(2)).rejects.toThrow(InvalidInputError);
  await expect(compile(network, { example }).useThreads(1.5)).rejects.toThrow(InvalidInputError);
});

test('what was recorded in threads that were ended since is walked back in this one', async () => {
  const f = await threaded(network, { example }, 2);
  const bars = [undefined, y0];
  const { pullback } = odeintVjp(f, y0, [0, 1]);
  const before = pullback(bars);
  await f.useThreads(1);
  expect(relativeError(pullback(bars).y0, before.y0)).toBeLessThan(1e-12);
});

test('of calls of useThreads at the same time the last counts, and the others leave no workers', async () => {
  const f = compile(network, { example });
  const start = vi.spyOn(ThreadPool, 'start');
  await Promise.all([f.useThreads(2), f.useThreads(3), f.useThreads(1)]);
  expect(start).toHaveBeenCalledTimes(2);
  for (const { value } of start.mock.results) expect((await value).isRetired).toBe(true);
  start.mockRestore();
});

test('after useThreads(1) everything runs in this thread again', async () => {
  const f = await threaded(network, { example }, 2);
  const before = solve({ f, y0, t0: 0, t1: 1 });
  await f.useThreads(1);
  expect(
    relativeError(solve({ f, y0, t0: 0, t1: 1 }).ys[0] as Float64Array, before.ys[0] as Float64Array),
  ).toBeLessThan(1e-12);
});
