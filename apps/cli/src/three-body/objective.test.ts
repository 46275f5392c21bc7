import '@neural-ode/backend-wasm/register';
import { gradientByDifferences, relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { resolve, useBackend } from 'neural-ode';
import { expect, test } from 'vitest';
import { arrayObjective } from './array-objective.ts';
import { equalTimes, observe } from './observations.ts';
import { tensorObjective } from './tensor-objective.ts';

const observations = observe(equalTimes(1, 40));
const masses = [1.05, 1, 0.95];
const how = { solver: resolve('solver', 'dopri5'), gradient: resolve('gradient', 'aca') };

test('the loss on arrays has the gradient it tells', () => {
  const objective = arrayObjective(observations, { ...how, rtol: 1e-10, atol: 1e-10 });
  const { gradient } = objective.evaluate(masses);
  const differences = gradientByDifferences((m) => objective.evaluate(m).loss, masses, 1e-4);
  expect(relativeError(gradient, differences)).toBeLessThan(1e-5);
});

test('the loss on tensors is the same within float32, and leaves no tensor', async () => {
  await useBackend('wasm');
  const before = tf.memory().numTensors;
  const objective = tensorObjective(observations, { ...how, rtol: 1e-6, atol: 1e-6 });
  const during = tf.memory().numTensors;
  const found = objective.evaluate(masses);
  expect(tf.memory().numTensors).toBe(during);
  const expected = arrayObjective(observations, { ...how, rtol: 1e-10, atol: 1e-10 }).evaluate(masses);
  expect(found.loss / expected.loss).toBeCloseTo(1, 3);
  expect(relativeError(found.gradient, expected.gradient)).toBeLessThan(2e-2);
  expect(found.forward.evaluations).toBeGreaterThan(100);
  expect(found.backward.vjps).toBeGreaterThan(100);
  objective.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
