import * as tf from '@tensorflow/tfjs-core';
import { spreadWide } from './convolution.ts';
import { type Attributes, type Gradient, hasKernel } from './gradient.ts';
import { dilated, padded, place, unpadded, windowsOf } from './windows.ts';

type Four = [number, number, number, number];

/** The cotangent of the input: each channel's outputs, spread out, with its filters turned. */
function composedInput(dy: tf.Tensor4D, filter: tf.Tensor4D, inputShape: Four, attributes: Attributes): tf.Tensor4D {
  const windows = windowsOf(inputShape, filter.shape, dy.shape, attributes);
  const [h, w] = windows;
  const [rows, columns, channels, each] = filter.shape;
  const turned = tf.reshape(tf.reverse(filter, [0, 1]), [rows, columns, channels * each, 1]) as tf.Tensor4D;
  const wide = spreadWide(dy, windows);
  const all = tf.depthwiseConv2d(wide, turned, 1, 'valid', 'NHWC', [h.dilation, w.dilation]);
  const [batch, height, width] = all.shape;
  const summed = tf.sum(tf.reshape(all, [batch * height * width, channels, each]), 2);
  return unpadded(tf.reshape(summed, [batch, height, width, channels]) as tf.Tensor4D, windows);
}

/** The cotangent of the filter, place by place. */
function composedFilter(x: tf.Tensor4D, dy: tf.Tensor4D, filterShape: Four, attributes: Attributes): tf.Tensor4D {
  const windows = windowsOf(x.shape, filterShape, dy.shape, attributes);
  const [h, w] = windows;
  const [rows, columns, channels, each] = filterShape;
  const wide = padded(x, windows);
  const bars = tf.reshape(dy, [-1, channels, each]);
  const parts: tf.Tensor[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const seen = tf.reshape(place(wide, windows, row * h.dilation, column * w.dilation), [-1, channels, 1]);
      parts.push(tf.sum(tf.mul(bars, seen), 0));
    }
  }
  return tf.reshape(tf.stack(parts), filterShape);
}

/** The backend's own kernel, which knows no dilations. */
function kernel(kernelName: string, inputs: object, attributes: Attributes): tf.Tensor4D | undefined {
  if (dilated(attributes) || !hasKernel(kernelName)) return undefined;
  const { strides, pad, dimRoundingMode, inputShape, filterShape } = attributes;
  const own = { strides, pad, dimRoundingMode, dilations: [1, 1], inputShape, filterShape };
  return tf.engine().runKernel(kernelName, inputs as tf.NamedTensorMap, own) as tf.Tensor4D;
}

function toInput(dy: tf.Tensor4D, filter: tf.Tensor4D, inputShape: Four, attributes: Attributes): tf.Tensor4D {
  const own = kernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attributes, inputShape });
  return own ?? composedInput(dy, filter, inputShape, attributes);
}

function toFilter(x: tf.Tensor4D, dy: tf.Tensor4D, filterShape: Four, attributes: Attributes): tf.Tensor4D {
  const own = kernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attributes, filterShape });
  return own ?? composedFilter(x, dy, filterShape, attributes);
}

function toOutput(x: tf.Tensor4D, filter: tf.Tensor4D, attributes: Attributes): tf.Tensor4D {
  const { strides, pad, dilations = 1, dimRoundingMode } = attributes;
  return tf.depthwiseConv2d(x, filter, strides, pad, 'NHWC', dilations, dimRoundingMode);
}

/** Convolution channel by channel, and its two cotangents. */
export const depthwiseConvolution: readonly Gradient[] = [
  {
    kernelName: 'DepthwiseConv2dNative',
    replaces: true,
    inputsToSave: ['x', 'filter'],
    gradFunc(dy: tf.Tensor4D, saved, attributes) {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        x: () => toInput(dy, filter, x.shape, attributes),
        filter: () => toFilter(x, dy, filter.shape, attributes),
      };
    },
  },
  {
    kernelName: 'DepthwiseConv2dNativeBackpropInput',
    inputsToSave: ['dy', 'filter'],
    gradFunc(dx: tf.Tensor4D, saved, attributes) {
      const [dy, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        dy: () => toOutput(dx, filter, attributes),
        filter: () => toFilter(dx, dy, filter.shape, attributes),
      };
    },
  },
  {
    kernelName: 'DepthwiseConv2dNativeBackpropFilter',
    inputsToSave: ['x', 'dy'],
    gradFunc(dfilter: tf.Tensor4D, saved, attributes) {
      const [x, dy] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        x: () => toInput(dy, dfilter, x.shape, attributes),
        dy: () => toOutput(x, dfilter, attributes),
      };
    },
  },
];
