import '@neural-ode/backend-cpu/register';
import { directionalDerivative, reference, relativeError, threeBody } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeintVjp, useBackend } from 'neural-ode';
import { expect, test } from 'vitest';
import { accurateOrbits } from './observations.ts';
import { compiledField, field, initialState, k1, k2, tensorSystem, trueMasses, vjp } from './problem.ts';

const golden = reference.threeBody;
const y = Float64Array.from(initialState, (value, n) => value + 0.01 * Math.sin(n + 1));
const masses = Float64Array.of(1.1, 0.7, 0.9);

test('is the reference problem', () => {
  expect([k1, k2]).toEqual([golden.K1, golden.K2]);
  expect(initialState).toEqual(threeBody.y0);
  expect(trueMasses).toEqual(threeBody.parameters);
  expect(relativeError(field(0, y, masses), threeBody.f(0, y, masses))).toBeLessThan(1e-14);
});

test('moves as the reference does', () => {
  const [, half = [], end = []] = accurateOrbits(trueMasses, [0, 0.5, 2]);
  expect(relativeError(half.slice(0, 9), golden.positions['0.5'].flat())).toBeLessThan(1e-7);
  expect(relativeError(end.slice(0, 9), golden.positions['2'].flat())).toBeLessThan(1e-6);
});

test('has the vector-Jacobian product of its field', () => {
  const v = y.map((_, n) => Math.cos(3 * n + 1));
  const dy = [...y].map((_, n) => Math.sin(5 * n + 2));
  const dp = [0.3, -0.8, 0.5];
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a, (x, n) => x * (b[n] as number)).reduce((sum, x) => sum + x, 0);
  const back = vjp(0, y, v, masses);
  const alongY = directionalDerivative((x) => dot(v, field(0, Float64Array.from(x), masses)), [...y], dy, 1e-3);
  const alongP = directionalDerivative((p) => dot(v, field(0, y, Float64Array.from(p))), [...masses], dp, 1e-2);
  expect(dot(back.y, dy)).toBeCloseTo(alongY, 8);
  expect(dot(back.p ?? [], dp)).toBeCloseTo(alongP, 8);
});

test('has the reference gradient', () => {
  const options = { solver: 'dop853', gradient: 'aca', rtol: 1e-12, atol: 1e-12, vjp } as const;
  const { ys, pullback } = odeintVjp(field, initialState, [0, 0.5], { ...options, parameters: golden.gradient.masses });
  const { parameters } = pullback([undefined, ys[1]?.map((r, n) => (n < 9 ? 2 * r : 0))]);
  expect(relativeError(parameters, golden.gradient.dL_dm)).toBeLessThan(1e-7);
});

test('is the same on tensors, and compiled to the last digits', async () => {
  await useBackend('cpu');
  const before = tf.memory().numTensors;
  const system = tensorSystem();
  const slope = tf.tidy(() => system.f(tf.scalar(0), tf.tensor2d([...y], [6, 3]), tf.tensor1d([...masses])).dataSync());
  expect(relativeError(slope, field(0, y, masses))).toBeLessThan(1e-6);
  system.dispose();
  expect(relativeError(compiledField().f(0, y, masses), field(0, y, masses))).toBeLessThan(1e-14);
  expect(tf.memory().numTensors).toBe(before);
});
