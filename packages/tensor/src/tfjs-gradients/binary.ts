import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, sumTo, zeroLike } from './gradient.ts';

type Partial = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const same: Partial = (dy) => dy;
const sumOfSquares = (a: tf.Tensor, b: tf.Tensor) => tf.add(tf.square(a), tf.square(b));
const masked = (mask: tf.Tensor, dy: tf.Tensor) => tf.where(mask, dy, tf.zerosLike(dy));

/** The partial derivatives, before they are summed over broadcast axes. */
const partials: Record<string, { readonly a: Partial; readonly b: Partial; readonly replaces?: boolean }> = {
  Add: { a: same, b: same },
  Sub: { a: same, b: (dy) => tf.neg(dy) },
  Multiply: { a: (dy, _a, b) => tf.mul(dy, b), b: (dy, a) => tf.mul(dy, a) },
  RealDiv: {
    a: (dy, _a, b) => tf.div(dy, b),
    b: (dy, a, b) => tf.neg(tf.mul(tf.div(dy, b), tf.div(a, b))),
  },
  Mod: { a: same, b: (dy, a, b) => tf.neg(tf.mul(dy, tf.floor(tf.div(a, b)))) },
  Pow: {
    replaces: true,
    a: (dy, a, b) => {
      const slope = tf.mul(b, tf.pow(a, tf.sub(b, 1)));
      // 0 * 0^-1 is NaN, where the slope of a^0 is 0.
      return tf.mul(dy, tf.where(tf.equal(tf.add(b, tf.zerosLike(slope)), 0), tf.zerosLike(slope), slope));
    },
    b: (dy, a, b) => {
      const positive = tf.greater(a, 0);
      const log = tf.log(tf.where(positive, a, tf.onesLike(a)));
      return tf.mul(dy, tf.mul(tf.pow(a, b), log));
    },
  },
  // A tie goes to a alone, so that the slopes add up to one.
  Maximum: {
    replaces: true,
    a: (dy, a, b) => masked(tf.greaterEqual(a, b), dy),
    b: (dy, a, b) => masked(tf.less(a, b), dy),
  },
  Minimum: {
    replaces: true,
    a: (dy, a, b) => masked(tf.lessEqual(a, b), dy),
    b: (dy, a, b) => masked(tf.greater(a, b), dy),
  },
  SquaredDifference: {
    replaces: true,
    a: (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    b: (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  },
  Atan2: {
    a: (dy, a, b) => tf.mul(dy, tf.div(b, sumOfSquares(a, b))),
    b: (dy, a, b) => tf.neg(tf.mul(dy, tf.div(a, sumOfSquares(a, b)))),
  },
};

const comparisons = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'];
const steps = ['LogicalAnd', 'LogicalOr', 'LogicalXor', 'FloorDiv'];

/** Elementwise functions of two tensors, with broadcasting; comparisons and logic have slope zero. */
export const binary: readonly Gradient[] = [
  ...Object.entries(partials).map(
    ([kernelName, partial]): Gradient => ({
      kernelName,
      replaces: partial.replaces === true,
      inputsToSave: ['a', 'b'],
      gradFunc(dy, saved) {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        return {
          a: () => sumTo(partial.a(dy, a, b), a.shape),
          b: () => sumTo(partial.b(dy, a, b), b.shape),
        };
      },
    }),
  ),
  ...[...comparisons, ...steps].map(
    (kernelName): Gradient => ({
      kernelName,
      replaces: true,
      inputsToSave: ['a', 'b'],
      gradFunc: (_, saved) => {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        return { a: () => zeroLike(a), b: () => zeroLike(b) };
      },
    }),
  ),
  {
    kernelName: 'Prelu',
    inputsToSave: ['x', 'alpha'],
    gradFunc(dy, saved) {
      const [x, alpha] = saved as [tf.Tensor, tf.Tensor];
      const positive = tf.greater(x, 0);
      return {
        x: () => tf.where(positive, dy, tf.mul(dy, alpha)),
        alpha: () => sumTo(tf.where(positive, tf.zerosLike(dy), tf.mul(dy, x)), alpha.shape),
      };
    },
  },
  {
    kernelName: 'AddN',
    saveAllInputs: true,
    gradFunc: (dy: tf.Tensor, saved) => Object.fromEntries(saved.map((_, n) => [n, () => dy.clone()])),
  },
];
