import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from './gradient.ts';

/** Where a filter's windows lie along one of the two spatial axes. */
export interface Window {
  /** Sizes of input, filter and output. */
  readonly input: number;
  readonly filter: number;
  readonly output: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the input. */
  readonly before: number;
  /** How much of the padded input the windows reach. */
  readonly reach: number;
}

/** The windows along height and width of a convolution or pooling, data format NHWC. */
export function windowsOf(
  input: readonly number[],
  filter: readonly number[],
  output: readonly number[],
  { strides, dilations = 1, pad }: Attributes,
): [Window, Window] {
  const pair = (value: number | [number, number], n: number): number =>
    Array.isArray(value) ? (value[n] as number) : value;
  const axis = (n: 0 | 1): Window => {
    const [size, f, out] = [input[n + 1] as number, filter[n] as number, output[n + 1] as number];
    const [stride, dilation] = [pair(strides, n), pair(dilations, n)];
    const reach = (out - 1) * stride + (f - 1) * dilation + 1;
    const before =
      pad === 'valid'
        ? 0
        : pad === 'same'
          ? Math.floor(Math.max(0, reach - size) / 2)
          : Array.isArray(pad)
            ? pad[n + 1][0]
            : pad;
    return { input: size, filter: f, output: out, stride, dilation, before, reach };
  };
  return [axis(0), axis(1)];
}

/** The input as far as the windows reach, padded with `fill`. */
export function padded(x: tf.Tensor4D, windows: readonly [Window, Window], fill = 0): tf.Tensor4D {
  const [h, w] = windows.map(({ input, before, reach }) => ({
    margin: [before, Math.max(0, reach - before - input)] as [number, number],
    reach,
  })) as [{ margin: [number, number]; reach: number }, { margin: [number, number]; reach: number }];
  const all = tf.pad(x, [[0, 0], h.margin, w.margin, [0, 0]], fill);
  return tf.slice(all, [0, 0, 0, 0], [x.shape[0], h.reach, w.reach, x.shape[3]]);
}

/** Undoes `padded` for a cotangent: what windows did not reach gets zero. */
export function unpadded(dx: tf.Tensor4D, windows: readonly [Window, Window]): tf.Tensor4D {
  const [h, w] = windows;
  const rest = ({ input, before, reach }: Window): [number, number] => [0, Math.max(0, before + input - reach)];
  const all = tf.pad(dx, [[0, 0], rest(h), rest(w), [0, 0]]);
  return tf.slice(all, [0, h.before, w.before, 0], [dx.shape[0], h.input, w.input, dx.shape[3]]);
}

/** Puts stride - 1 zeros between the rows and columns. */
export function spreadOut(dy: tf.Tensor4D, windows: readonly [Window, Window]): tf.Tensor4D {
  const [n, height, width, channels] = dy.shape;
  const [h, w] = windows.map(({ stride }) => stride) as [number, number];
  if (h === 1 && w === 1) return dy;
  const columns = tf.pad(tf.reshape(dy, [n * height * width, 1, channels]), [
    [0, 0],
    [0, w - 1],
    [0, 0],
  ]);
  const rows = tf.pad(tf.reshape(columns, [n * height, 1, width * w * channels]), [
    [0, 0],
    [0, h - 1],
    [0, 0],
  ]);
  const all = tf.reshape(rows, [n, height * h, width * w, channels]) as tf.Tensor4D;
  return tf.slice(all, [0, 0, 0, 0], [n, (height - 1) * h + 1, (width - 1) * w + 1, channels]);
}

/** Each place of the window in turn: from its share of the cotangent to that of the padded input, all added up. */
export function addPlaces(
  windows: readonly [Window, Window],
  share: (top: number, left: number) => tf.Tensor4D,
): tf.Tensor4D {
  const [h, w] = windows;
  const parts: tf.Tensor4D[] = [];
  for (let top = 0; top < h.filter; top++) {
    for (let left = 0; left < w.filter; left++) {
      const spread = spreadOut(share(top, left), windows);
      const [before, beside] = [top * h.dilation, left * w.dilation];
      const below = h.reach - before - (spread.shape[1] as number);
      const right = w.reach - beside - (spread.shape[2] as number);
      parts.push(
        tf.pad(spread, [
          [0, 0],
          [before, below],
          [beside, right],
          [0, 0],
        ]),
      );
    }
  }
  return unpadded(tf.addN(parts), windows);
}

/** What each window has at one of its places. */
export function place(x: tf.Tensor4D, [h, w]: readonly [Window, Window], top: number, left: number): tf.Tensor4D {
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

/** Whether the filter of an operation is spread out. */
export function dilated({ dilations = 1 }: Attributes): boolean {
  return Array.isArray(dilations) ? dilations.some((dilation) => dilation !== 1) : dilations !== 1;
}
