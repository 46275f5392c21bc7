import * as tf from '@tensorflow/tfjs-core';
import type { Attributes, Gradient } from './gradient.ts';
import { padded, spreadOut, unpadded, type Window, windowsOf } from './windows.ts';

const filterOf = ({ filterSize }: Attributes): [number, number] =>
  Array.isArray(filterSize) ? (filterSize as [number, number]) : [filterSize, filterSize];

/** Each place of the window in turn: from its share of the cotangent to that of the padded input, all added up. */
function addPlaces(windows: readonly [Window, Window], share: (top: number, left: number) => tf.Tensor4D): tf.Tensor4D {
  const [h, w] = windows;
  const parts: tf.Tensor4D[] = [];
  for (let top = 0; top < h.filter; top++) {
    for (let left = 0; left < w.filter; left++) {
      const spread = spreadOut(share(top, left), windows);
      const below = h.reach - top - (spread.shape[1] as number);
      const right = w.reach - left - (spread.shape[2] as number);
      parts.push(
        tf.pad(spread, [
          [0, 0],
          [top, below],
          [left, right],
          [0, 0],
        ]),
      );
    }
  }
  return unpadded(tf.addN(parts), windows);
}

/** What each window has at one of its places. */
function place(x: tf.Tensor4D, [h, w]: readonly [Window, Window], top: number, left: number): tf.Tensor4D {
  const { output: rows, stride: sh } = h;
  const { output: columns, stride: sw } = w;
  const [n, , , channels] = x.shape;
  const extent = ({ output, stride }: Window) => (output - 1) * stride + 1;
  const part = tf.slice(x, [0, top, left, 0], [n, extent(h), extent(w), channels]);
  if (sh === 1 && sw === 1) return part;
  // Every stride-th row and column, by cutting off what a reshape puts behind each.
  const full = tf.pad(part, [
    [0, 0],
    [0, sh - 1],
    [0, sw - 1],
    [0, 0],
  ]);
  const everyRow = tf.slice(
    tf.reshape(full, [n * rows, sh, columns * sw * channels]),
    [0, 0, 0],
    [n * rows, 1, columns * sw * channels],
  );
  const every = tf.slice(
    tf.reshape(everyRow, [n * rows * columns, sw, channels]),
    [0, 0, 0],
    [n * rows * columns, 1, channels],
  );
  return tf.reshape(every, [n, rows, columns, channels]);
}

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
