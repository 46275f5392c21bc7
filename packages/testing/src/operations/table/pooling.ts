import * as tf from '@tensorflow/tfjs-core';
import { between, type Input, type Operation, real, sizeOf } from '../operation.ts';

type Pair = readonly [number, number];
type Case = readonly [filter: Pair, strides: Pair, pad: 'same' | 'valid' | number];

const cases: readonly Case[] = [
  [[2, 2], [2, 2], 'valid'],
  [[2, 2], [2, 2], 'same'],
  [[3, 3], [1, 1], 'same'],
  [[3, 3], [2, 2], 'same'],
  [[3, 2], [1, 2], 'valid'],
  [[2, 3], [3, 1], 'valid'],
  [[3, 3], [2, 2], 1],
  [[1, 1], [2, 2], 'same'],
];

const image = [2, 5, 6, 2] as const;

/** A pooling window by window; what lies outside of the image does not count. */
function pooled([filter, strides, pad]: Case, combine: (window: number[]) => number) {
  const [batch, height, width, channels] = image;
  const axis = (n: 0 | 1) => {
    const size = [height, width][n]!;
    if (pad === 'same') {
      const out = Math.ceil(size / strides[n]!);
      return { out, before: Math.floor(Math.max(0, (out - 1) * strides[n]! + filter[n]! - size) / 2) };
    }
    const before = pad === 'valid' ? 0 : pad;
    return { out: Math.floor((size + 2 * before - filter[n]!) / strides[n]!) + 1, before };
  };
  const [down, across] = [axis(0), axis(1)];
  return (x: readonly number[]): number[] =>
    Array.from({ length: sizeOf([batch, down.out, across.out, channels]) }, (_, n) => {
      const channel = n % channels;
      const left = (Math.floor(n / channels) % across.out) * strides[1] - across.before;
      const top = (Math.floor(n / (channels * across.out)) % down.out) * strides[0] - down.before;
      const start = Math.floor(n / (channels * across.out * down.out)) * height;
      const window: number[] = [];
      for (let row = Math.max(0, top); row < Math.min(height, top + filter[0]); row++)
        for (let column = Math.max(0, left); column < Math.min(width, left + filter[1]); column++)
          window.push(x[((start + row) * width + column) * channels + channel]!);
      return combine(window);
    });
}

const maximum = (window: number[]) => Math.max(...window);
const mean = (window: number[]) => window.reduce((sum, value) => sum + value, 0) / window.length;

const signs: readonly (readonly [string, Input])[] = [
  ['', real(...image)],
  [' of negative numbers', between(-3, -0.5, ...image)],
];

/** Poolings in two dimensions, and of all. */
export const pooling: readonly Operation[] = [
  ...cases.flatMap((entry) => {
    const [filter, strides, pad] = entry.map((part) => (Array.isArray(part) ? [...part] : part)) as [
      [number, number],
      [number, number],
      'same' | 'valid' | number,
    ];
    const name = `${filter[0]} by ${filter[1]}, strides ${strides}, pad ${pad}`;
    return signs.flatMap(([sign, input]) => [
      {
        name: `maxPool ${name}${sign}`,
        inputs: [input],
        f: (x: tf.Tensor4D) => tf.maxPool(x, filter, strides, pad),
        exact: pooled(entry, maximum),
      },
      {
        name: `avgPool ${name}${sign}`,
        inputs: [input],
        f: (x: tf.Tensor4D) => tf.avgPool(x, filter, strides, pad),
        exact: pooled(entry, mean),
      },
    ]);
  }),
  {
    name: 'maxPool after relu',
    inputs: [real(...image)],
    f: (x) => tf.maxPool(tf.relu(x), 2, 2, 'valid'),
    exact: pooled([[2, 2], [2, 2], 'valid'], (window) => Math.max(0, ...window)),
  },
  { name: 'global average', inputs: [real(...image)], f: (x) => tf.mean(x, [1, 2]) },
  { name: 'global maximum', inputs: [real(...image)], f: (x) => tf.max(x, [1, 2]) },
  {
    name: 'resizeBilinear, twice as large',
    inputs: [real(1, 3, 4, 2)],
    f: (x) => tf.image.resizeBilinear(x, [6, 8]),
  },
  {
    name: 'resizeBilinear, corners aligned',
    inputs: [real(1, 3, 4, 2)],
    f: (x) => tf.image.resizeBilinear(x, [5, 3], true),
  },
  {
    name: 'resizeNearestNeighbor, twice as large',
    inputs: [real(1, 3, 4, 2)],
    f: (x) => tf.image.resizeNearestNeighbor(x, [6, 8]),
  },
];
