import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OwnKernel } from './kernel.ts';

/** Grey dilations, which tfjs computes wrongly where a result is not positive. */
export const dilations: readonly OwnKernel[] = [
  {
    kernelName: 'Dilation2D',
    compute(inputs, { strides, pad, dilations }) {
      const { x, filter } = inputs as unknown as { x: tf.Tensor4D; filter: tf.Tensor3D };
      const info = tf.backend_util.computeDilation2DInfo(x.shape, filter.shape, strides, pad, 'NHWC', dilations);
      const { top, bottom, left, right } = info.padInfo;
      return tf.tidy(() => {
        const margins: [number, number][] = [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ];
        const wide = tf.pad(x, margins, Number.MIN_SAFE_INTEGER);
        const places = Array.from({ length: info.filterHeight * info.filterWidth }, (_, n) => {
          const [row, column] = [Math.floor(n / info.filterWidth), n % info.filterWidth];
          const begin = [0, row * info.dilationHeight, column * info.dilationWidth, 0];
          const end = [
            info.batchSize,
            (begin[1] as number) + (info.outHeight - 1) * info.strideHeight + 1,
            (begin[2] as number) + (info.outWidth - 1) * info.strideWidth + 1,
            info.inChannels,
          ];
          const seen = tf.stridedSlice(wide, begin, end, [1, info.strideHeight, info.strideWidth, 1]);
          return tf.add(seen, tf.reshape(tf.slice(filter, [row, column, 0], [1, 1, info.inChannels]), [-1]));
        });
        return places.reduce((a, b) => tf.maximum(a, b));
      });
    },
  },
  ...['Dilation2DBackpropInput', 'Dilation2DBackpropFilter'].map(
    (kernelName): OwnKernel => ({
      kernelName,
      compute() {
        throw new InvalidInputError(
          'dilation2d',
          'tf.dilation2d has no right gradient on wasm, where tfjs takes the least positive number for the least: use the ' +
            'cpu backend.',
        );
      },
    }),
  ),
];
