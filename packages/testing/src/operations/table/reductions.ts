import * as tf from '@tensorflow/tfjs-core';
import { between, type Operation, positive, real } from '../operation.ts';

type Reduce = (x: tf.Tensor, axis: number[] | undefined, keep: boolean) => tf.Tensor;

// Spread wide, so that no two are close.
const wide = (...shape: number[]) => between(-4, 4, ...shape);

const reduce: readonly (readonly [string, Reduce, typeof real])[] = [
  ['sum', (x, axis, keep) => tf.sum(x, axis, keep), real],
  ['mean', (x, axis, keep) => tf.mean(x, axis, keep), real],
  ['max', (x, axis, keep) => tf.max(x, axis, keep), wide],
  ['min', (x, axis, keep) => tf.min(x, axis, keep), wide],
  ['prod', (x, axis, keep) => tf.prod(x, axis, keep), positive],
  ['logSumExp', (x, axis, keep) => tf.logSumExp(x, axis, keep), real],
  ['variance', (x, axis, keep) => tf.moments(x, axis, keep).variance, real],
];

const axes: readonly (readonly [number[], number[] | undefined, boolean])[] = [
  [[5], [0], false],
  [[2, 3], undefined, false],
  [[2, 3], [0], true],
  [[2, 3, 2], [-1], false],
  [[2, 3, 2], [0, 2], true],
  [[2, 3, 2], [1], false],
  [[], undefined, false],
];

const flags = [false, true];

/** The running sum or product along the middle one of three axes. */
function running(combine: (a: number, b: number) => number, unit: number, exclusive: boolean, reverse: boolean) {
  return (shape: readonly number[], axis: number) => (x: readonly number[]) => {
    const length = shape[axis]!;
    const inner = shape.slice(axis + 1).reduce((size, n) => size * n, 1);
    return x.map((_, n) => {
      const place = Math.floor(n / inner) % length;
      const start = n - place * inner;
      const holds = (k: number) => (k === place ? !exclusive : reverse ? k > place : k < place);
      const factors = Array.from({ length }, (_, k) => k).filter(holds);
      return factors.reduce((total, k) => combine(total, x[start + k * inner]!), unit);
    });
  };
}

const cumulative: readonly Operation[] = flags.flatMap((exclusive) =>
  flags.flatMap((reverse) =>
    [0, 1, 2].flatMap((axis) => {
      const shape = [2, 3, 2];
      const kind = `${exclusive ? ', exclusive' : ''}${reverse ? ', reversed' : ''}`;
      return [
        {
          name: `cumsum along ${axis}${kind}`,
          inputs: [real(...shape)],
          f: (x: tf.Tensor) => tf.cumsum(x, axis, exclusive, reverse),
          exact: running((a, b) => a + b, 0, exclusive, reverse)(shape, axis),
        },
        {
          name: `cumprod along ${axis}${kind}`,
          inputs: [real(...shape)],
          f: (x: tf.Tensor) => tf.cumprod(x, axis, exclusive, reverse),
          exact: running((a, b) => a * b, 1, exclusive, reverse)(shape, axis),
        },
      ];
    }),
  ),
);

/** Sums, means, extrema, products, norms, and running ones. */
export const reductions: readonly Operation[] = [
  ...reduce.flatMap(([name, f, input]) =>
    axes.map(([shape, axis, keep]) => ({
      name: `${name} of [${shape}] over ${axis ? `[${axis}]` : 'all'}${keep ? ', axes kept' : ''}`,
      inputs: [input(...shape)],
      f: (x: tf.Tensor) => f(x, axis, keep),
    })),
  ),
  {
    name: 'norm',
    inputs: [real(2, 3)],
    f: (x) => tf.norm(x, 2, 1),
    exact: (x) => rows(x!, 3, (r) => Math.hypot(...r)),
  },
  { name: 'norm of all', inputs: [real(2, 3)], f: (x) => tf.norm(x), exact: (x) => [Math.hypot(...x!)] },
  {
    name: 'norm of first order',
    inputs: [real(2, 3)],
    f: (x) => tf.norm(x, 1, 1),
    exact: (x) => rows(x!, 3, (r) => r.reduce((sum, value) => sum + Math.abs(value), 0)),
  },
  {
    name: 'argMax as an index',
    inputs: [real(3, 4)],
    f: (x) => tf.mul(tf.max(x), tf.cast(tf.argMax(x, 1), 'float32')),
  },
  {
    name: 'top of k',
    inputs: [wide(3, 5)],
    f: (x) => tf.topk(x, 2).values,
    exact: (x) => rows(x!, 5, (row) => row.toSorted((a, b) => b - a).slice(0, 2)).flat(),
  },
  ...cumulative,
  {
    name: 'cumsum of bool',
    inputs: [real(6)],
    f: (x) => tf.mul(x, tf.cast(tf.cumsum(tf.cast(tf.greater(x, 0), 'int32')), 'float32')),
  },
  { name: 'cumprod next to a zero', inputs: [real(4)], f: (x) => tf.cumprod(tf.mul(x, tf.tensor1d([1, 1, 0, 1]))) },
  { name: 'prod next to a zero', inputs: [real(4)], f: (x) => tf.prod(tf.mul(x, tf.tensor1d([1, 1, 0, 1]))) },
];

/** A function of each row. */
function rows<T>(x: readonly number[], length: number, f: (row: number[]) => T): T[] {
  return Array.from({ length: x.length / length }, (_, n) => f(x.slice(n * length, (n + 1) * length)));
}
