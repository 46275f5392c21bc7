import * as tf from '@tensorflow/tfjs-core';
import { areFloats, clear, type OwnKernel } from '../kernel.ts';
import { productWriter } from '../product/product.ts';
import { type Layer, writeInputGradient } from './input-gradient.ts';
import { type Axis, axesOf } from './windows.ts';

/** The cotangent of a convolution of volumes by its input, which tfjs's kernel computes wrongly. */
export const volumes: readonly OwnKernel[] = [
  {
    kernelName: 'Conv3DBackpropInputV2',
    compute(inputs, { inputShape, strides, pad, dilations = 1 }, workspace) {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
      if (!areFloats(dy, filter)) return undefined;
      type Five = [number, number, number, number, number];
      const info = tf.backend_util.computeConv3DInfo(inputShape, filter.shape as Five, strides, dilations, pad);
      const channels = [info.inChannels, info.outChannels] as const;
      const windows = { batch: 1, channels, ...axesOf(info) };
      const depth: Axis = {
        input: info.inDepth,
        filter: info.filterDepth,
        output: info.outDepth,
        stride: info.strideDepth,
        dilation: info.dilationDepth,
        before: info.padInfo.front,
      };
      const write = productWriter(workspace);
      const dx = clear(workspace, workspace.output(inputShape));
      const [from, weights, to] = [dy, filter, dx].map(workspace.address) as [number, number, number];
      const bytes = (shape: readonly number[]) => 4 * tf.util.sizeFromShape([...shape]);
      const outputBytes = bytes(dy.shape.slice(2));
      const inputBytes = bytes(inputShape.slice(2));
      const filterBytes = bytes(filter.shape.slice(1));
      for (let volume = 0; volume < info.batchSize; volume++) {
        for (let place = 0; place < depth.input; place++) {
          const layers = seenFrom(depth, place).map(
            ([tap, output]): Layer => ({
              dy: from + (volume * depth.output + output) * outputBytes,
              filter: weights + tap * filterBytes,
            }),
          );
          writeInputGradient(write, windows, layers, to + (volume * depth.input + place) * inputBytes);
        }
      }
      return dx;
    },
  },
];

/** Which places of the filter see a place of the input, and from which outputs. */
function seenFrom({ filter, output, stride, dilation, before }: Axis, place: number): [tap: number, output: number][] {
  return Array.from({ length: filter }, (_, tap): [number, number] => [
    tap,
    (place + before - tap * dilation) / stride,
  ]).filter(([, from]) => Number.isInteger(from) && from >= 0 && from < output);
}
