import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Gradient } from './gradient.ts';
import { padded, spreadOut, unpadded, windowsOf } from './windows.ts';

/**
 * The cotangent of a convolution's filter, itself a convolution: batch and channels change places, strides and dilations
 * too. tfjs has no kernel for it on wasm.
 *
 * @param x images `[batch, height, width, channels]`
 * @param dy the output's cotangent, likewise
 * @param filterShape `[height, width, channels in, channels out]`
 * @param attributes strides, dilations (default 1) and pad of the convolution
 */
export function convolutionFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: readonly number[],
  attributes: Attributes,
): tf.Tensor4D {
  const windows = windowsOf(x.shape, filterShape, dy.shape, attributes);
  const [h, w] = windows;
  const images = tf.transpose(padded(x, windows), [3, 1, 2, 0]);
  const kernel = tf.transpose(dy, [1, 2, 0, 3]);
  const product = tf.conv2d(images, kernel, [h.dilation, w.dilation], 'valid', 'NHWC', [h.stride, w.stride]);
  return tf.transpose(product, [1, 2, 0, 3]);
}

/** The cotangent of a convolution's input: tfjs's kernel is ten times slower on wasm (measured 2.5 against 23 GFLOP/s). */
function inputGradient(x: tf.Tensor4D, filter: tf.Tensor4D, dy: tf.Tensor4D, attributes: Attributes): tf.Tensor4D {
  const windows = windowsOf(x.shape, filter.shape, dy.shape, attributes);
  const [h, w] = windows;
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  const margin = ({ filter: size, dilation }: typeof h): [number, number] => [
    (size - 1) * dilation,
    (size - 1) * dilation,
  ];
  const wide = tf.pad(spreadOut(dy, windows), [[0, 0], margin(h), margin(w), [0, 0]]);
  return unpadded(tf.conv2d(wide, turned, 1, 'valid', 'NHWC', [h.dilation, w.dilation]), windows);
}

/** Convolution. */
export const convolution: Gradient = {
  kernelName: 'Conv2D',
  replaces: true,
  inputsToSave: ['x', 'filter'],
  gradFunc(dy: tf.Tensor4D, saved, attributes) {
    const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
    if (attributes.dataFormat !== 'NHWC') {
      throw new InvalidInputError(
        'dataFormat',
        'tf.conv2d has a gradient in the data format NHWC only: transpose to it.',
      );
    }
    return {
      x: () => inputGradient(x, filter, dy, attributes),
      filter: () => convolutionFilterGradient(x, dy, filter.shape, attributes),
    };
  },
};
