import type * as tf from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel.ts';
import { type Axis, windowsOf } from './windows.ts';

const kernelNames = ['Conv2D', 'FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2D'];

/** Zeros behind the input that the last window needs; negative where it ends before the input does. */
function behind({ input, filter, output, stride, dilation, before }: Axis): number {
  return (output - 1) * stride + (filter - 1) * dilation + 1 - before - input;
}

/**
 * Convolutions with padding 'same' whose windows do not reach all of the input, since the filter is smaller than the
 * stride: tfjs's library computes nothing for them, and leaves in the output what was there. It does with the same
 * padding given in numbers.
 */
export const padding: readonly OwnKernel[] = kernelNames.map((kernelName) => ({
  kernelName,
  compute(inputs, attributes, _, stock) {
    const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
    if (attributes.pad !== 'same') return undefined;
    const windows = windowsOf(x.shape, filter.shape, attributes, kernelName.includes('Depthwise'));
    if (!windows) return undefined;
    const axes = [windows.height, windows.width];
    if (axes.every((axis) => behind(axis) >= 0)) return undefined;
    const margins = axes.map((axis) => [axis.before, Math.max(0, behind(axis))]);
    return stock?.({ ...attributes, pad: [[0, 0], ...margins, [0, 0]] });
  },
}));
