import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Gradient } from './gradient.ts';
import { addPlaces, padded, place, windowsOf } from './windows.ts';

const filterOf = ({ filterSize }: Attributes): [number, number] =>
  Array.isArray(filterSize) ? (filterSize as [number, number]) : [filterSize, filterSize];

/**
 * Pooling by slices: tfjs's own gradient of maxPool is wrong on wasm where a maximum is not positive, and that of avgPool
 * with padding on all backends.
 */
export const pooling: readonly Gradient[] = [
  {
    kernelName: 'MaxPool',
    replaces: true,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc(dy: tf.Tensor4D, saved, attributes) {
      const [x, y] = saved as [tf.Tensor4D, tf.Tensor4D];
      const windows = windowsOf(x.shape, filterOf(attributes), y.shape, attributes);
      return {
        x: () => {
          const wide = padded(x, windows, -3.4e38);
          // A tie goes to the first place that attains the maximum.
          let left = dy;
          return addPlaces(windows, (row, column) => {
            const hit = tf.equal(place(wide, windows, row, column), y);
            const share = tf.where(hit, left, tf.zerosLike(dy)) as tf.Tensor4D;
            left = tf.sub(left, share);
            return share;
          });
        },
      };
    },
  },
  {
    kernelName: 'AvgPool',
    replaces: true,
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor4D, saved, attributes) {
      const [x] = saved as [tf.Tensor4D];
      const windows = windowsOf(x.shape, filterOf(attributes), dy.shape, attributes);
      return {
        x: () => {
          // The mean is over the places inside the image.
          const inside = padded(tf.ones([1, ...x.shape.slice(1, 3), 1] as [number, number, number, number]), windows);
          const counts: tf.Tensor4D[] = [];
          for (let top = 0; top < windows[0].filter; top++) {
            for (let left = 0; left < windows[1].filter; left++) counts.push(place(inside, windows, top, left));
          }
          const share = tf.div(dy, tf.addN(counts)) as tf.Tensor4D;
          return addPlaces(windows, () => share);
        },
      };
    },
  },
];
