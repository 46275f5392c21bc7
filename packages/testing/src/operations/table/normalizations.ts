import * as tf from '@tensorflow/tfjs-core';
import { type Operation, positive, real } from '../operation.ts';

const axes: readonly (readonly [number[], number])[] = [
  [[4], -1],
  [[2, 3], -1],
  [[2, 2, 3], 2],
];

const softmax = (row: readonly number[]) => {
  const powers = row.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
};

const rows = (x: readonly number[], length: number, f: (row: number[]) => number[]) =>
  Array.from({ length: x.length / length }, (_, n) => f(x.slice(n * length, (n + 1) * length))).flat();

/** Over the last axis. */
export function layerNorm(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3))), scale), offset);
}

/** Of images, over height, width and the channels of each group. */
function groupNorm(x: tf.Tensor4D, scale: tf.Tensor, offset: tf.Tensor, groups: number): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const parts = tf.reshape(x, [batch, height * width, groups, channels / groups]);
  const { mean, variance } = tf.moments(parts, [1, 3], true);
  const normal = tf.mul(tf.sub(parts, mean), tf.rsqrt(tf.add(variance, 1e-3)));
  return tf.add(tf.mul(tf.reshape(normal, x.shape), scale), offset);
}

/** Normalizations along axes. */
export const normalizations: readonly Operation[] = [
  ...axes.flatMap(([shape, axis]) => {
    const inputs = [real(...shape)];
    const length = shape.at(-1)!;
    return [
      {
        name: `softmax of [${shape}]`,
        inputs,
        f: (x: tf.Tensor) => tf.softmax(x, axis),
        exact: (x: readonly number[]) => rows(x, length, softmax),
      },
      {
        name: `logSoftmax of [${shape}]`,
        inputs,
        f: (x: tf.Tensor) => tf.logSoftmax(x, axis),
        exact: (x: readonly number[]) => rows(x, length, (row) => softmax(row).map(Math.log)),
      },
    ];
  }),
  {
    name: 'cross entropy',
    inputs: [real(3, 4)],
    f: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d([0, 3, 1], 'int32'), 4), x),
  },
  {
    name: 'sigmoid cross entropy',
    inputs: [real(3, 4)],
    f: (x) => tf.losses.sigmoidCrossEntropy(tf.oneHot(tf.tensor1d([0, 3, 1], 'int32'), 4), x),
  },
  {
    name: 'mean squared error',
    inputs: [real(3, 4), real(3, 4)],
    f: (labels, predictions) => tf.losses.meanSquaredError(labels, predictions),
    exact: (a, b) => [a!.reduce((sum, value, n) => sum + (value - b![n]!) ** 2, 0) / 12],
  },
  {
    name: 'batchNorm of images',
    inputs: [real(2, 2, 2, 3), real(3), positive(3), real(3), real(3)],
    f: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 1e-3),
  },
  {
    name: 'batchNorm of rows',
    inputs: [real(4, 3), real(3), positive(3), real(3), real(3)],
    f: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 1e-3),
  },
  {
    name: 'batchNorm with the statistics of the batch',
    inputs: [real(3, 2, 2, 2), real(2), real(2)],
    f(x, offset, scale) {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, 1e-3);
    },
  },
  { name: 'layer norm', inputs: [real(3, 4), real(4), real(4)], f: layerNorm },
  {
    name: 'group norm',
    inputs: [real(2, 2, 2, 4), real(4), real(4)],
    f: (x, scale, offset) => groupNorm(x, scale, offset, 2),
  },
];
