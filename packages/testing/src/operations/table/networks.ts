import * as tf from '@tensorflow/tfjs-core';
import { between, type Operation, real } from '../operation.ts';
import { layerNorm } from './normalizations.ts';

const small = (...shape: number[]) => between(-0.8, 0.8, ...shape);

function lstm(x: tf.Tensor, h: tf.Tensor, c: tf.Tensor, w: tf.Tensor, u: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const gates = tf.add(tf.add(tf.matMul(x, w), tf.matMul(h, u)), b);
  const [input, forget, cell, output] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(forget), c), tf.mul(tf.sigmoid(input), tf.tanh(cell)));
  return tf.concat([tf.mul(tf.sigmoid(output), tf.tanh(next)), next], 1);
}

function gru(x: tf.Tensor, h: tf.Tensor, w: tf.Tensor, u: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [zx, rx, nx] = tf.split(tf.add(tf.matMul(x, w), b), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [zh, rh, nh] = tf.split(tf.matMul(h, u), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const update = tf.sigmoid(tf.add(zx, zh));
  const candidate = tf.tanh(tf.add(nx, tf.mul(tf.sigmoid(tf.add(rx, rh)), nh)));
  return tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate));
}

function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor {
  const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(q.shape.at(-1)!));
  return tf.matMul(tf.softmax(scores), v);
}

const perceptron = (activation: (x: tf.Tensor) => tf.Tensor) => ({
  inputs: [real(3, 2), small(2, 5), small(5), small(5, 2)],
  f: (x: tf.Tensor, w1: tf.Tensor, b1: tf.Tensor, w2: tf.Tensor) =>
    tf.matMul(activation(tf.add(tf.matMul(x, w1), b1)), w2),
});

/** Cells and blocks of networks, written in operations. */
export const networks: readonly Operation[] = [
  { name: 'a perceptron with tanh', ...perceptron(tf.tanh) },
  { name: 'a perceptron with softplus', ...perceptron(tf.softplus) },
  { name: 'a perceptron with elu', ...perceptron(tf.elu) },
  {
    name: 'an LSTM cell',
    inputs: [real(2, 2), small(2, 3), small(2, 3), small(2, 12), small(3, 12), small(12)],
    f: lstm,
  },
  { name: 'a GRU cell', inputs: [real(2, 2), small(2, 3), small(2, 9), small(3, 9), small(9)], f: gru },
  { name: 'attention', inputs: [real(1, 2, 3, 2), real(1, 2, 4, 2), real(1, 2, 4, 3)], f: attention },
  {
    name: 'a residual block of convolutions',
    inputs: [real(1, 4, 4, 2), small(3, 3, 2, 3), small(3, 3, 3, 2), real(2), real(2)],
    f: (x, first, second, scale, offset) =>
      tf.add(
        x,
        tf.conv2d(tf.relu(tf.conv2d(layerNorm(x, scale, offset) as tf.Tensor4D, first, 1, 'same')), second, 1, 'same'),
      ),
  },
];
