import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Attributes, type Gradient, hasKernel } from './gradient.ts';
import { dilated, padded, spreadOut, unpadded, windowsOf } from './windows.ts';

/**
 * The cotangent of a convolution's filter, itself a convolution: batch and channels change places, strides and dilations
 * too. For backends that have no kernel for it.
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

/** The cotangent of a convolution's input, likewise: of the output's cotangent, spread out, with the filter turned. */
function convolutionInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: readonly number[],
  attributes: Attributes,
): tf.Tensor4D {
  const windows = windowsOf(inputShape, filter.shape, dy.shape, attributes);
  const [h, w] = windows;
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  const wide = spreadWide(dy, windows);
  return unpadded(tf.conv2d(wide, turned, 1, 'valid', 'NHWC', [h.dilation, w.dilation]), windows);
}

/** The cotangent of a convolution's output spread out, with the margins that the whole filter reaches over. */
export function spreadWide(dy: tf.Tensor4D, windows: ReturnType<typeof windowsOf>): tf.Tensor4D {
  const [h, w] = windows.map(({ filter, dilation }) => (filter - 1) * dilation) as [number, number];
  return tf.pad(spreadOut(dy, windows), [
    [0, 0],
    [h, h],
    [w, w],
    [0, 0],
  ]);
}

/**
 * Whether the backend's own kernels are fast; none knows dilations. That of wasm for the input is not (measured 2.5
 * against 23 GFLOP/s composed), unless it was replaced together with the missing one for the filter. Nor is that of cpu
 * for the filter (measured: 70 times slower than composed).
 */
const fast = {
  input: () => hasKernel('Conv2DBackpropInput') && (tf.getBackend() !== 'wasm' || fast.filter()),
  filter: () => hasKernel('Conv2DBackpropFilter') && tf.getBackend() !== 'cpu',
};

const run = (kernelName: string, inputs: object, attributes: object): tf.Tensor4D =>
  tf.engine().runKernel(kernelName, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap) as tf.Tensor4D;

/** The cotangent of a convolution's input, by the backend's kernel where that is the fast way. */
export function toInput(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: number[],
  attributes: Attributes,
): tf.Tensor4D {
  if (dilated(attributes) || !fast.input()) return convolutionInputGradient(dy, filter, inputShape, attributes);
  const { strides, pad, dataFormat, dimRoundingMode } = attributes;
  return run('Conv2DBackpropInput', { dy, filter }, { strides, pad, dataFormat, dimRoundingMode, inputShape });
}

/** The cotangent of a convolution's filter, likewise. */
export function toFilter(x: tf.Tensor4D, dy: tf.Tensor4D, filterShape: number[], attributes: Attributes): tf.Tensor4D {
  if (dilated(attributes) || !fast.filter()) return convolutionFilterGradient(x, dy, filterShape, attributes);
  const { strides, pad, dataFormat, dimRoundingMode } = attributes;
  return run('Conv2DBackpropFilter', { x, dy }, { strides, pad, dataFormat, dimRoundingMode, filterShape });
}

function toOutput(x: tf.Tensor4D, filter: tf.Tensor4D, attributes: Attributes): tf.Tensor4D {
  const { strides, pad, dilations = 1, dimRoundingMode } = attributes;
  return tf.conv2d(x, filter, strides, pad, 'NHWC', dilations, dimRoundingMode);
}

function checkFormat({ dataFormat }: Attributes): void {
  if (dataFormat !== 'NHWC') {
    throw new InvalidInputError(
      'dataFormat',
      'tf.conv2d has a gradient in the data format NHWC only: transpose to it.',
    );
  }
}

/** Convolution and its two cotangents: each is linear in two of input, filter and output, and gives the third. */
export const convolution: readonly Gradient[] = [
  {
    kernelName: 'Conv2D',
    replaces: true,
    inputsToSave: ['x', 'filter'],
    gradFunc(dy: tf.Tensor4D, saved, attributes) {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      checkFormat(attributes);
      return {
        x: () => toInput(dy, filter, x.shape, attributes),
        filter: () => toFilter(x, dy, filter.shape, attributes),
      };
    },
  },
  {
    kernelName: 'Conv2DBackpropInput',
    replaces: true,
    inputsToSave: ['dy', 'filter'],
    gradFunc(dx: tf.Tensor4D, saved, attributes) {
      const [dy, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      checkFormat(attributes);
      return {
        dy: () => toOutput(dx, filter, attributes),
        filter: () => toFilter(dx, dy, filter.shape, attributes),
      };
    },
  },
  {
    kernelName: 'Conv2DBackpropFilter',
    inputsToSave: ['x', 'dy'],
    gradFunc(dfilter: tf.Tensor4D, saved, attributes) {
      const [x, dy] = saved as [tf.Tensor4D, tf.Tensor4D];
      checkFormat(attributes);
      return {
        x: () => toInput(dy, dfilter, x.shape, attributes),
        dy: () => toOutput(x, dfilter, attributes),
      };
    },
  },
];
