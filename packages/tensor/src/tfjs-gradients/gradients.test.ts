import { aca } from '@neural-ode/gradient-aca';
import { rk4 } from '@neural-ode/solvers';
import { describeOperations } from '@neural-ode/testing/operations';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start, tensorsLeft } from '../fixtures/backends.ts';
import { odeint } from '../index.ts';

// Where tfjs's own start leaves kernels out, the gradients are composed of others.
const composed = /^(matMul|conv|depthwiseConv|separableConv|gather|scatter|an embedding)/;
describeOperations('wasm as tfjs starts it', { start: () => start('wasm'), only: ({ name }) => composed.test(name) });

const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));

  test('batchNorm in a field, without scale or offset', () => {
    tf.tidy(() => {
      const [mean, variance, scale, offset] = [
        [0.1, 0.2],
        [1, 2],
        [1.5, 0.5],
        [0.3, -0.2],
      ].map((v) => tf.tensor1d(v)) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      const gradient = (offset?: tf.Tensor1D, scale?: tf.Tensor1D) => {
        const f = (_t: tf.Scalar, y: tf.Tensor) => tf.batchNorm(y, mean, variance, offset, scale);
        const end = (y: tf.Tensor) => tf.square(odeint(f, y, [0, 1], { solver: rk4, stepSize: 0.5, gradient: aca }));
        return numbers(tf.grad(end)(tf.tensor2d([0.5, -1, 2, 0.25], [2, 2])));
      };
      const [one, zero] = [tf.ones([2]), tf.zeros([2])] as [tf.Tensor1D, tf.Tensor1D];
      const close = (actual: number[], expected: number[]) =>
        actual.forEach((value, n) => {
          expect(value).toBeCloseTo(expected[n]!, 4);
        });
      close(gradient(), gradient(zero, one));
      close(gradient(offset), gradient(offset, one));
      close(gradient(undefined, scale), gradient(zero, scale));
    });
  });

  test('what is empty has gradient zero', () => {
    tf.tidy(() => {
      tf.tensor1d([5, 6, 7, 8]).dispose();
      const zero = (grad: tf.Tensor) => expect(numbers(grad).every((value) => value === 0)).toBe(true);
      const sum = (y: tf.Tensor) => tf.sum(tf.concat([tf.reshape(y, [-1]), tf.zeros([1])]));
      zero(tf.grad((w) => sum(tf.mul(w, tf.zeros([0, 2]))))(tf.scalar(1)));
      zero(tf.grad((w) => sum(tf.matMul(tf.zeros([0, 2]), w as tf.Tensor2D)))(tf.ones([2, 2])));
      zero(tf.grad((x) => sum(tf.stridedSlice(x, [1], [1], [1])))(tf.ones([3])));
    });
  });

  test('powers of zero', () => {
    const at = (b: number) => numbers(tf.grad((x) => tf.sum(tf.pow(x, tf.scalar(b))))(tf.scalar(0)))[0];
    expect([at(0), at(1), at(2)]).toEqual([0, 1, 0]);
  });

  test('the slopes of a tie add up to one', () => {
    tf.tidy(() => {
      const [x, same] = [tf.tensor1d([3, 1, 3]), tf.tensor1d([3, 1, 3])];
      expect(numbers(tf.grad((x) => tf.max(x))(x))).toEqual([0.5, 0, 0.5]);
      const [a, b] = tf.grads((a, b) => tf.maximum(a, b))([x, same]) as [tf.Tensor, tf.Tensor];
      expect([numbers(a), numbers(b)]).toEqual([
        [1, 1, 1],
        [0, 0, 0],
      ]);
      const pooled = tf.grad((x) => tf.maxPool(tf.reshape(x, [1, 1, 3, 1]) as tf.Tensor4D, [1, 3], 1, 'valid'))(x);
      expect(numbers(pooled)).toEqual([1, 0, 0]);
    });
  });

  test('a shared cotangent is not disposed twice', () => {
    const [a, b] = tf.grads((a, b) => tf.sum(tf.add(tf.add(a, b), tf.add(a, a))))([tf.scalar(1), tf.scalar(1)]);
    expect([a?.dataSync()[0], b?.dataSync()[0]]).toEqual([3, 1]);
  });

  test('a custom gradient may be differentiated', () => {
    tf.tidy(() => {
      const saving = tf.customGrad((x, save) => {
        const value = tf.exp(x as tf.Tensor);
        (save as tf.GradSaveFunc)([value]);
        return { value, gradFunc: (dy, [y]) => tf.mul(dy, y as tf.Tensor) };
      });
      const plain = tf.customGrad((x) => ({
        value: tf.pow(x as tf.Tensor, tf.scalar(3)),
        gradFunc: (dy) => tf.mul(dy, tf.mul(tf.square(x as tf.Tensor), 3)),
      }));
      for (const [f, expected, next] of [
        [saving, Math.E, Math.E],
        [plain, 6, 6],
      ] as const) {
        const slope = tf.grad((x) => tf.sum(f(x)));
        expect(numbers(tf.grad(slope)(tf.scalar(1)))[0]).toBeCloseTo(expected, 5);
        const third = numbers(tf.grad(tf.grad(slope))(tf.scalar(1)))[0];
        expect(third).toBeCloseTo(next, 5);
      }
    });
  });

  test('leaves no tensor', () => {
    const x = tf.tensor2d([1, -2, 3, 0.5], [2, 2]);
    const f = (x: tf.Tensor) => tf.sum(tf.logSoftmax(tf.concat([tf.tanh(x), tf.gather(x, [0, 0])], 1)));
    expect(tensorsLeft(() => tf.grad(f)(x).dispose())).toBe(0);
  });
});
