import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, sumTo } from './gradient.ts';

/** scale (x - mean) / sqrt(variance + epsilon) + offset, with the statistics given. */
export const batchNorm: Gradient = {
  kernelName: 'FusedBatchNorm',
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc(dy: tf.Tensor, saved, { varianceEpsilon }) {
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const centred = tf.sub(x, mean);
    const scaled = tf.mul(dy, tf.mul(scale, inverse));
    return {
      x: () => tf.reshape(scaled, x.shape),
      mean: () => tf.neg(sumTo(scaled, mean.shape)),
      variance: () => sumTo(tf.mul(tf.mul(scaled, centred), tf.mul(tf.square(inverse), -0.5)), variance.shape),
      scale: () => sumTo(tf.mul(dy, tf.mul(centred, inverse)), scale.shape),
      offset: () => sumTo(dy, scale.shape),
    };
  },
};
