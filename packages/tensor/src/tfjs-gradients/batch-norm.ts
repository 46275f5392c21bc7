import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, sumTo } from './gradient.ts';

/** Names of inputs to save. tfjs maps them to tensors, and would fail on one that the caller did not give. */
class Given extends Array<string> {
  override map<T>(f: (name: string, n: number, names: string[]) => T): T[] {
    return Array.from(this, (name, n) => f(name, n, this)).filter((tensor) => tensor !== undefined);
  }
}

/** scale (x - mean) / sqrt(variance + epsilon) + offset, with the statistics given; scale and offset may be absent. */
export const batchNorm: Gradient = {
  kernelName: 'FusedBatchNorm',
  replaces: true,
  inputsToSave: Given.of('x', 'mean', 'variance', 'scale'),
  gradFunc(dy: tf.Tensor, saved, { varianceEpsilon }) {
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
    const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const centred = tf.sub(x, mean);
    const scaled = tf.mul(dy, scale ? tf.mul(scale, inverse) : inverse);
    return {
      x: () => tf.reshape(scaled, x.shape),
      mean: () => tf.neg(sumTo(scaled, mean.shape)),
      variance: () => sumTo(tf.mul(tf.mul(scaled, centred), tf.mul(tf.square(inverse), -0.5)), variance.shape),
      scale: () => sumTo(tf.mul(dy, tf.mul(centred, inverse)), mean.shape),
      offset: () => sumTo(dy, mean.shape),
    };
  },
};
