import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import { gradientByDifferences, relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { resolve, useBackend } from 'neural-ode';
import { expect, test } from 'vitest';
import { arrayObjective } from './array-objective.ts';
import { equalTimes, observe } from './observations.ts';
import { compiledField, field, vjp } from './problem.ts';
import { tensorObjective } from './tensor-objective.ts';

const observations = observe(equalTimes(1, 40));
const masses = [1.05, 1, 0.95];
const how = { solver: resolve('solver', 'dopri5'), gradient: resolve('gradient', 'aca') };

const accurate = { ...how, rtol: 1e-10, atol: 1e-10 };

test('the loss on arrays has the gradient it tells', () => {
  const objective = arrayObjective({ f: field, vjp }, observations, accurate);
  const { gradient } = objective.evaluate(masses);
  const differences = gradientByDifferences((m) => objective.evaluate(m).loss, masses, 1e-4);
  expect(relativeError(gradient, differences)).toBeLessThan(1e-5);
});

test('the loss by the compiled field is the same in double precision, and leaves no tensor', async () => {
  await useBackend('cpu');
  const before = tf.memory().numTensors;
  const found = arrayObjective(compiledField(), observations, accurate).evaluate(masses);
  const expected = arrayObjective({ f: field, vjp }, observations, accurate).evaluate(masses);
  expect(found.loss / expected.loss).toBeCloseTo(1, 11);
  expect(relativeError(found.gradient, expected.gradient)).toBeLessThan(1e-9);
  expect(found.forward).toEqual(expected.forward);
  expect(tf.memory().numTensors).toBe(before);
});

test('the loss on tensors is the same within float32, and leaves no tensor', async () => {
  await useBackend('wasm');
  const before = tf.memory().numTensors;
  const objective = tensorObjective(observations, { ...how, rtol: 1e-6, atol: 1e-6 });
  const during = tf.memory().numTensors;
  const found = objective.evaluate(masses);
  expect(tf.memory().numTensors).toBe(during);
  const expected = arrayObjective({ f: field, vjp }, observations, accurate).evaluate(masses);
  expect(found.loss / expected.loss).toBeCloseTo(1, 3);
  expect(relativeError(found.gradient, expected.gradient)).toBeLessThan(2e-2);
  expect(found.forward.evaluations).toBeGreaterThan(100);
  expect(found.backward.vjps).toBeGreaterThan(100);
  objective.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
