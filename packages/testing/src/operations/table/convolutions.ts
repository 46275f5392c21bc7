import * as tf from '@tensorflow/tfjs-core';
import { type Operation, real, sizeOf } from '../operation.ts';

type Pair = readonly [number, number];
type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

interface Convolution {
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly strides: Pair;
  readonly pad: Pad;
  readonly dilations: Pair;
  /** Each channel by itself. */
  readonly depthwise?: boolean;
}

const both = (n: number): Pair => [n, n];
const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

/** A convolution term by term. */
function convolved({ x: shape, filter: filterShape, strides, pad, dilations, depthwise = false }: Convolution) {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns, , last] = filterShape as [number, number, number, number];
  const outChannels = depthwise ? channels * last : last;
  const axis = (n: 0 | 1) => {
    const [size, reach] = [[height, width][n]!, ([rows, columns][n]! - 1) * dilations[n]! + 1];
    if (pad === 'same') {
      const out = Math.ceil(size / strides[n]!);
      return { out, before: Math.floor(Math.max(0, (out - 1) * strides[n]! + reach - size) / 2) };
    }
    const [before, after] = pad === 'valid' ? [0, 0] : typeof pad === 'number' ? both(pad) : pad[n + 1]!;
    return { out: Math.floor((size + before + after - reach) / strides[n]!) + 1, before };
  };
  const [down, across] = [axis(0), axis(1)];
  return (x: readonly number[], filter: readonly number[]): number[] => {
    const y: number[] = [];
    for (let n = 0; n < sizeOf([batch, down.out, across.out]); n++) {
      const [image, top, left] = [
        Math.floor(n / (down.out * across.out)),
        (Math.floor(n / across.out) % down.out) * strides[0] - down.before,
        (n % across.out) * strides[1] - across.before,
      ];
      for (let out = 0; out < outChannels; out++) {
        let sum = 0;
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < columns; c++) {
            const [row, column] = [top + r * dilations[0], left + c * dilations[1]];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const pixel = ((image * height + row) * width + column) * channels;
            const place = (r * columns + c) * channels;
            if (depthwise) {
              const channel = Math.floor(out / last);
              sum += x[pixel + channel]! * filter[(place + channel) * last + (out % last)]!;
            } else {
              for (let channel = 0; channel < channels; channel++)
                sum += x[pixel + channel]! * filter[(place + channel) * last + out]!;
            }
          }
        }
        y.push(sum);
      }
    }
    return y;
  };
}

type Case = readonly [filter: Pair, strides: Pair, pad: Pad, dilations: Pair];
const cases: readonly Case[] = [
  [both(3), both(1), 'same', both(1)],
  [both(3), both(1), 'valid', both(1)],
  [both(3), both(2), 'same', both(1)],
  [both(3), both(2), 'valid', both(1)],
  [both(2), both(2), 'same', both(1)],
  [[2, 3], [1, 1], 'same', both(1)],
  [[3, 2], [2, 1], 'valid', both(1)],
  [both(1), both(1), 'same', both(1)],
  [both(1), both(2), 'valid', both(1)],
  [both(1), both(2), 'same', both(1)],
  [[1, 3], [2, 2], 'same', both(1)],
  [both(3), both(1), 'same', both(2)],
  [both(2), both(1), 'valid', [2, 1]],
  [both(3), both(1), 1, both(1)],
  [both(3), both(2), 1, both(1)],
  [both(3), both(1), explicit, both(1)],
  [both(2), both(2), explicit, both(1)],
];

const image = [2, 5, 6, 2];
const named = ([filter, strides, pad, dilations]: Case) =>
  `${filter[0]} by ${filter[1]}, strides ${strides}, pad ${Array.isArray(pad) ? 'explicit' : pad}, dilations ${dilations}`;

const plain: readonly Operation[] = cases.map((entry) => {
  const [size, strides, pad, dilations] = entry;
  const filter = [...size, 2, 3];
  return {
    name: `conv2d ${named(entry)}`,
    inputs: [real(...image), real(...filter)],
    f: (x: tf.Tensor4D, k: tf.Tensor4D) =>
      tf.conv2d(x, k, strides as [number, number], pad, 'NHWC', dilations as [number, number]),
    exact: convolved({ x: image, filter, strides, pad, dilations }),
  };
});

const depthwise: readonly Operation[] = cases
  // tfjs wants the same stride along both axes.
  .filter(([, strides]) => strides[0] === strides[1])
  .map((entry) => {
    const [size, strides, pad, dilations] = entry;
    const filter = [...size, 2, 2];
    return {
      name: `depthwiseConv2d ${named(entry)}`,
      inputs: [real(...image), real(...filter)],
      f: (x: tf.Tensor4D, k: tf.Tensor4D) =>
        tf.depthwiseConv2d(x, k, strides as [number, number], pad, 'NHWC', dilations as [number, number]),
      exact: convolved({ x: image, filter, strides, pad, dilations, depthwise: true }),
    };
  });

const fused: readonly Operation[] = (['linear', 'relu', 'elu', 'relu6', 'sigmoid'] as const).map((activation) => ({
  name: `fused.conv2d with ${activation}`,
  inputs: [real(...image), real(3, 3, 2, 3), real(3)],
  f: (x, filter, bias) => tf.fused.conv2d({ x, filter, strides: 2, pad: 'same', bias, activation }),
}));

const fusedDepthwise: readonly Operation[] = (['linear', 'relu'] as const).map((activation) => ({
  name: `fused.depthwiseConv2d with ${activation}`,
  inputs: [real(...image), real(3, 3, 2, 2), real(4)],
  f: (x, filter, bias) => tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', bias, activation }),
}));

const transposed: readonly Operation[] = (
  [
    [1, 'same', [2, 3, 4, 2]],
    [1, 'valid', [2, 5, 6, 2]],
    [2, 'same', [2, 6, 8, 2]],
    [2, 'valid', [2, 7, 9, 2]],
  ] as const
).map(([stride, pad, output]) => ({
  name: `conv2dTranspose, stride ${stride}, ${pad}`,
  inputs: [real(2, 3, 4, 3), real(3, 3, 2, 3)],
  f: (x, filter) => tf.conv2dTranspose(x, filter, [...output] as [number, number, number, number], stride, pad),
}));

const volumes: readonly Operation[] = (
  [
    [1, 'same', 2],
    [1, 'valid', 2],
    [2, 'same', 2],
    [2, 'valid', 1],
  ] as const
).map(([stride, pad, channels]) => ({
  name: `conv3d, stride ${stride}, ${pad}, ${channels} channels`,
  inputs: [real(1, 3, 4, 3, channels), real(2, 2, 2, channels, 2)],
  f: (x, filter) => tf.conv3d(x, filter, stride, pad),
}));

/** Convolutions in one to three dimensions, also transposed, fused and channel by channel. */
export const convolutions: readonly Operation[] = [
  ...plain,
  ...depthwise,
  ...fused,
  ...fusedDepthwise,
  ...transposed,
  ...volumes,
  { name: 'conv1d', inputs: [real(2, 6, 2), real(3, 2, 3)], f: (x, k) => tf.conv1d(x, k, 1, 'same') },
  {
    name: 'conv1d, dilated',
    inputs: [real(2, 7, 2), real(3, 2, 3)],
    f: (x, k) => tf.conv1d(x, k, 1, 'valid', 'NWC', 2),
  },
  {
    name: 'conv2d of one image without a batch axis',
    inputs: [real(4, 4, 2), real(2, 2, 2, 1)],
    f: (x, k) => tf.conv2d(x, k, 1, 'valid'),
  },
  {
    name: 'separableConv2d',
    inputs: [real(1, 4, 5, 2), real(3, 3, 2, 2), real(1, 1, 4, 3)],
    f: (x, each, mix) => tf.separableConv2d(x, each, mix, 1, 'same'),
  },
  {
    name: 'conv2d with 16 channels',
    inputs: [real(1, 3, 3, 2), real(4)],
    f(x, c) {
      const wave = (shape: number[], phase: number) =>
        tf.reshape(tf.sin(tf.add(tf.range(0, sizeOf(shape)), phase)), shape);
      const wide = tf.conv2d(x, wave([1, 1, 2, 16], 0) as tf.Tensor4D, 1, 'same');
      const filter = tf.addN(tf.unstack(c).map((factor, n) => tf.mul(wave([3, 3, 16, 16], n), factor)));
      return tf.mul(tf.conv2d(wide as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'), 0.1);
    },
  },
];
