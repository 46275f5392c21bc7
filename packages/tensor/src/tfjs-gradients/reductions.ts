import * as tf from '@tensorflow/tfjs-core';
import { gradientIsRecorded } from '../engine.ts';
import { type Gradient, keptShape } from './gradient.ts';

/** The cotangent of a reduced tensor, spread over what was reduced. */
function spread(dy: tf.Tensor, x: tf.Tensor, axis: number[] | undefined): tf.Tensor {
  // A product with ones: tfjs broadcasts by tiling, which is many times slower on wasm.
  return tf.mul(tf.reshape(dy, keptShape(x.shape, axis)), tf.ones(x.shape));
}

/** The cotangent of an extremum goes to where it is attained, in equal shares. */
function extremum(kernelName: 'Max' | 'Min', axisName: string): Gradient {
  return {
    kernelName,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc(dy: tf.Tensor, saved, attributes) {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      const axis = attributes[axisName] ?? attributes.axis;
      const shape = keptShape(x.shape, axis);
      return {
        x: () => {
          const hit = tf.cast(tf.equal(x, tf.reshape(y, shape)), 'float32');
          return tf.mul(hit, tf.div(tf.reshape(dy, shape), tf.sum(hit, axis, true)));
        },
      };
    },
  };
}

/** The product of all other factors, which a quotient would not give next to a zero. */
function otherFactors(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const kept = x.shape.map((_, n) => n).filter((n) => !axes.includes(n));
  const order = [...kept, ...axes];
  const moved = tf.transpose(x, order);
  const rows = tf.reshape(moved, [kept.reduce((size, n) => size * (x.shape[n] as number), 1), -1]);
  const before = tf.cumprod(rows, 1, true, false);
  const after = tf.cumprod(rows, 1, true, true);
  return tf.transpose(tf.reshape(tf.mul(before, after), moved.shape), inverse(order));
}

function inverse(order: readonly number[]): number[] {
  return order.map((_, n) => order.indexOf(n));
}

/**
 * The cotangent of running products along an axis: output j holds the factors k <= j (k < j when exclusive, the other way
 * round when reversed). Factor by factor, since a quotient would not pass a zero.
 */
function cumulativeFactors(dy: tf.Tensor, x: tf.Tensor, axis: number, holds: (j: number, k: number) => boolean) {
  const order = [...x.shape.map((_, n) => n).filter((n) => n !== axis), axis];
  const length = x.shape[axis] as number;
  const places = Array.from({ length }, (_, n) => n);
  const mask = tf.tensor2d(
    places.map((j) => places.map((k) => (holds(j, k) ? 1 : 0))),
    [length, length],
  );
  const [rows, bars] = [x, dy].map((tensor) => tf.reshape(tf.transpose(tensor, order), [-1, 1, length])) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const factors = tf.add(tf.mul(rows, mask), tf.sub(1, mask));
  const others = tf.mul(otherFactors(factors, [2]), mask);
  const sum = tf.sum(tf.mul(others, tf.transpose(bars, [0, 2, 1])), 1);
  return tf.transpose(
    tf.reshape(
      sum,
      order.map((n) => x.shape[n] as number),
    ),
    inverse(order),
  );
}

/** Sums, means, extrema, products, and normalizations along axes. */
export const reductions: readonly Gradient[] = [
  {
    kernelName: 'Sum',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], { axis }) => ({ x: () => spread(dy, x as tf.Tensor, axis) }),
  },
  {
    kernelName: 'Mean',
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor, saved, { axis }) {
      const [x] = saved as [tf.Tensor];
      return { x: () => spread(tf.mul(dy, Math.max(1, dy.size) / Math.max(1, x.size)), x, axis) };
    },
  },
  extremum('Max', 'reductionIndices'),
  extremum('Min', 'axis'),
  {
    kernelName: 'Prod',
    replaces: true,
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor, saved, { axis }) {
      const [x] = saved as [tf.Tensor];
      const axes = tf.util.parseAxisParam(axis, x.shape);
      return { x: () => tf.mul(tf.reshape(dy, keptShape(x.shape, axes)), otherFactors(x, axes)) };
    },
  },
  {
    kernelName: 'Cumsum',
    replaces: true,
    gradFunc: (dy: tf.Tensor, _, { axis, exclusive, reverse }) => ({
      x: () => tf.cumsum(dy, axis, exclusive, !reverse),
    }),
  },
  {
    kernelName: 'Cumprod',
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor, saved, { axis, exclusive, reverse }) {
      const [x] = saved as [tf.Tensor];
      const along = tf.util.parseAxisParam(axis, x.shape)[0] as number;
      const holds = (j: number, k: number) => (k === j ? !exclusive : reverse ? k > j : k < j);
      return { x: () => cumulativeFactors(dy, x, along, holds) };
    },
  },
  {
    kernelName: 'Softmax',
    replaces: true,
    inputsToSave: ['logits'],
    outputsToSave: [true],
    gradFunc(dy: tf.Tensor, saved, { dim }) {
      const [logits, output] = saved as [tf.Tensor, tf.Tensor];
      return {
        logits: () => {
          const y = gradientIsRecorded() ? tf.softmax(logits, dim) : output;
          return tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), dim, true)));
        },
      };
    },
  },
  {
    kernelName: 'LogSoftmax',
    inputsToSave: ['logits'],
    gradFunc(dy: tf.Tensor, saved, { axis }) {
      const [logits] = saved as [tf.Tensor];
      return { logits: () => tf.sub(dy, tf.mul(tf.softmax(logits, axis), tf.sum(dy, axis, true))) };
    },
  },
];
