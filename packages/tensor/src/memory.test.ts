import type { Gradient } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { direct } from '@neural-ode/gradient-naive';
import { rk4 } from '@neural-ode/solvers';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { odeint } from './index.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The most tensors alive at any evaluation of the field, backwards too, beyond those alive before. */
function peak(gradient: Gradient, steps: number): number {
  const before = tf.memory().numTensors;
  let most = 0;
  const f = (_t: tf.Scalar, y: tf.Tensor) => {
    const slope = tf.sin(tf.tanh(tf.mul(y, y)));
    most = Math.max(most, tf.memory().numTensors - before);
    return slope;
  };
  tf.tidy(() => {
    const end = (y: tf.Tensor) =>
      tf.sum(odeint(f, y, [0, 1], { solver: rk4, stepSize: 1 / steps, gradient, states: 'tensors' }));
    tf.grad(end)(tf.tensor1d([0.1, 0.2, 0.3]));
  });
  expect(tf.memory().numTensors).toBe(before);
  return most;
}

describe('tensors alive during a gradient', () => {
  const growth = (gradient: Gradient) => [10, 20, 40].map((n) => (peak(gradient, 2 * n) - peak(gradient, n)) / n);

  it('grow with ACA by a state a step, not by a graph', () => {
    expect(growth(aca)).toEqual([1, 1, 1]);
  });

  it('grow with all stages kept by their inputs and slopes, eight of Runge-Kutta 4', () => {
    expect(growth(direct)).toEqual([8, 8, 8]);
  });
});
