import { describeBackend, useBackend } from '@neural-ode/tensor';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeint } from 'neural-ode';
import { describe, expect, test } from 'vitest';
import './register.ts';
import '@neural-ode/backend-cpu/register';
import { missing } from './fixtures/tensorflow.ts';

const available = missing === undefined;

/** A solve and its gradient by a variable. */
function solved(states: 'arrays' | 'tensors'): { ys: number[]; gradient: number[] } {
  return tf.tidy(() => {
    const weight = tf.variable(tf.tensor2d([-0.1, 2, -2, -0.1], [2, 2]));
    const y0 = tf.tensor2d([2, 0, 0, 1, 1, 1], [3, 2]);
    const f = (_t: tf.Scalar, y: tf.Tensor) => tf.matMul(tf.mul(y, tf.square(y)), weight as tf.Tensor);
    const solve = () => odeint(f, y0, [0, 0.5, 1], { solver: 'dopri5', gradient: 'aca', states });
    const ys = [...solve().dataSync()];
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(solve())) as tf.Scalar);
    const gradient = [...(grads[weight.name] as tf.Tensor).dataSync()];
    weight.dispose();
    return { ys, gradient };
  });
}

describe.skipIf(!available)(`by libtensorflow${available ? '' : `: not here, ${missing}`}`, () => {
  test('says what it runs on', async () => {
    await useBackend('tensorflow');
    expect(describeBackend()).toMatchObject({ name: 'tensorflow', precision: 'float32' });
    expect(describeBackend().device).toMatch(/^CPU by TensorFlow \d/);
  });

  test.each(['arrays', 'tensors'] as const)('solves and differentiates as cpu does, states as %s', async (states) => {
    await useBackend('cpu');
    const expected = solved('arrays');
    await useBackend('tensorflow');
    const before = tf.memory().numTensors;
    const { ys, gradient } = solved(states);
    expect(tf.memory().numTensors).toBe(before);
    expect(relativeError(ys, expected.ys)).toBeLessThan(1e-5);
    expect(relativeError(gradient, expected.gradient)).toBeLessThan(1e-4);
  });

  // Numbers and lists of paddings, which tfjs-node knows for few of its kernels.
  test.each([
    1,
    [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
  ])('convolves and pools with a padding of %j as cpu does', async (pad) => {
    const padding = pad as number;
    const run = async (backend: 'cpu' | 'tensorflow') => {
      await useBackend(backend);
      return tf.tidy(() => {
        const x = tf.reshape(tf.linspace(-1, 1, 2 * 5 * 6 * 2), [2, 5, 6, 2]) as tf.Tensor4D;
        const filter = tf.reshape(tf.linspace(1, -1, 3 * 3 * 2 * 2), [3, 3, 2, 2]) as tf.Tensor4D;
        const convolved = (x: tf.Tensor, filter: tf.Tensor) =>
          tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, padding, 'NHWC', 1, 'floor');
        const deep = (x: tf.Tensor, filter: tf.Tensor) =>
          tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, padding, 'NHWC', 1, 'floor');
        const fused = tf.fused.conv2d({
          x,
          filter,
          strides: 2,
          pad: padding,
          dimRoundingMode: 'floor',
          activation: 'relu',
        });
        const gradients = [convolved, deep].flatMap((f) => tf.grads((x, w) => tf.sum(tf.square(f(x, w))))([x, filter]));
        const pooled = [
          tf.maxPool(x, 3, 2, padding, 'floor'),
          tf.avgPool(x, 3, 2, padding, 'floor'),
          tf.grad((x) => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, 3, 2, padding, 'floor'))))(x),
        ];
        return [convolved(x, filter), deep(x, filter), fused, ...gradients, ...pooled].map((y) => [...y.dataSync()]);
      });
    };
    const [expected, actual] = [await run('cpu'), await run('tensorflow')];
    actual.forEach((values, n) => {
      expect(relativeError(values, expected[n] as number[]), `result ${n}`).toBeLessThan(1e-5);
    });
  });
});
