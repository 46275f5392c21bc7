import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, zeroLike } from './gradient.ts';

const list = (dy: tf.Tensor | tf.Tensor[]) => (Array.isArray(dy) ? dy : [dy]);

/** Undoes `tf.tile`: sums the copies, one axis at a time. */
function untile(dy: tf.Tensor, shape: readonly number[], reps: readonly number[]): tf.Tensor {
  let sum = dy;
  reps.forEach((copies, n) => {
    const before = tf.util.sizeFromShape(sum.shape.slice(0, n));
    const size = shape[n] as number;
    if (copies !== 1) {
      const rest = sum.shape.slice(n + 1);
      const rows = tf.reshape(sum, [before, copies, size * tf.util.sizeFromShape(rest)]);
      sum = tf.reshape(tf.sum(rows, 1), [...shape.slice(0, n), size, ...rest]);
    }
  });
  return tf.reshape(sum, shape as number[]);
}

/** Undoes `tf.gather` along an axis: adds up what was read from the same place. */
function ungather(dy: tf.Tensor, x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
  const outer = tf.util.sizeFromShape(x.shape.slice(0, axis));
  const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const count = x.shape[axis] as number;
  const places = tf.reshape(tf.cast(indices, 'int32'), [indices.size, 1]);
  const rows = tf.reshape(tf.transpose(tf.reshape(dy, [outer, indices.size, inner]), [1, 0, 2]), [
    indices.size,
    outer * inner,
  ]);
  const summed = tf.scatterND(places, rows, [count, outer * inner]);
  return tf.reshape(tf.transpose(tf.reshape(summed, [count, outer, inner]), [1, 0, 2]), x.shape);
}

/** Undoes an operation that copies elements of x: moves their numbers likewise, and adds up what came from each. */
function unmove(dy: tf.Tensor, x: tf.Tensor, move: (numbers: tf.Tensor) => tf.Tensor): tf.Tensor {
  if (dy.size === 0) return zeroLike(x);
  // float32, since some wasm kernels move nothing else: exact up to 2^24 elements.
  const from = tf.cast(move(tf.reshape(tf.range(0, x.size), x.shape)), 'int32');
  return tf.reshape(tf.scatterND(tf.reshape(from, [-1, 1]), tf.reshape(dy, [-1]), [x.size]), x.shape);
}

/** Rearrangements: what was moved, moves back. */
export const shapes: readonly Gradient[] = [
  ...[['Reshape', 'x'] as const, ['ExpandDims', 'input'] as const].map(
    ([kernelName, input]): Gradient => ({
      kernelName,
      inputsToSave: [input],
      gradFunc: (dy: tf.Tensor, [x]) => ({ [input]: () => tf.reshape(dy, (x as tf.Tensor).shape) }),
    }),
  ),
  { kernelName: 'Identity', gradFunc: (dy: tf.Tensor) => ({ x: () => dy.clone() }) },
  {
    kernelName: 'Cast',
    gradFunc: (dy: tf.Tensor) => ({ x: () => tf.cast(dy, 'float32').clone() }),
  },
  {
    kernelName: 'Transpose',
    gradFunc: (dy: tf.Tensor, _, { perm }) => ({
      x: () =>
        tf.transpose(
          dy,
          perm.map((_: number, n: number) => perm.indexOf(n)),
        ),
    }),
  },
  {
    kernelName: 'Slice',
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor, saved, { begin }) {
      const [x] = saved as [tf.Tensor];
      // As the caller gave it: one number, or fewer than axes, leaves the others at 0.
      const start = (n: number): number => (Array.isArray(begin) ? (begin[n] ?? 0) : n === 0 ? begin : 0);
      const margins = dy.shape.map((size, n): [number, number] => [start(n), (x.shape[n] as number) - start(n) - size]);
      return { x: () => tf.pad(dy, margins) };
    },
  },
  {
    kernelName: 'PadV2',
    inputsToSave: ['x'],
    gradFunc: (dy: tf.Tensor, [x], { paddings }) => ({
      x: () =>
        tf.slice(
          dy,
          paddings.map(([before]: [number, number]) => before),
          (x as tf.Tensor).shape,
        ),
    }),
  },
  {
    kernelName: 'Concat',
    saveAllInputs: true,
    gradFunc(dy: tf.Tensor, saved, { axis }) {
      const along = tf.util.parseAxisParam(axis, dy.shape)[0] as number;
      const parts = tf.split(
        dy,
        saved.map((x) => x.shape[along] as number),
        along,
      );
      return Object.fromEntries(parts.map((part, n) => [n, () => part]));
    },
  },
  {
    kernelName: 'Pack',
    saveAllInputs: true,
    gradFunc: (dy: tf.Tensor, _, { axis }) =>
      Object.fromEntries(tf.unstack(dy, axis).map((part, n) => [n, () => part])),
  },
  {
    kernelName: 'Unpack',
    gradFunc: (dy: tf.Tensor, _, { axis }) => ({ value: () => tf.stack(list(dy), axis) }),
  },
  {
    kernelName: 'SplitV',
    gradFunc: (dy: tf.Tensor, _, { axis }) => ({
      x: () => (list(dy).length === 1 ? dy.clone() : tf.concat(list(dy), axis)),
    }),
  },
  {
    kernelName: 'StridedSlice',
    inputsToSave: ['x'],
    gradFunc(dy: tf.Tensor, saved, attributes) {
      const [x] = saved as [tf.Tensor];
      const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
      const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask];
      return { x: () => unmove(dy, x, (numbers) => tf.stridedSlice(numbers, begin, end, strides, ...masks)) };
    },
  },
  {
    kernelName: 'MirrorPad',
    replaces: true,
    inputsToSave: ['x'],
    gradFunc: (dy: tf.Tensor, [x], { paddings, mode }) => ({
      x: () => unmove(dy, x as tf.Tensor, (numbers) => tf.mirrorPad(numbers, paddings, mode)),
    }),
  },
  {
    kernelName: 'Reverse',
    gradFunc: (dy: tf.Tensor, _, { dims }) => ({ x: () => tf.reverse(dy, dims) }),
  },
  {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], { reps }) => ({ x: () => untile(dy, (x as tf.Tensor).shape, reps) }),
  },
  {
    kernelName: 'Select',
    inputsToSave: ['condition'],
    gradFunc(dy: tf.Tensor, saved) {
      const [condition] = saved as [tf.Tensor];
      return {
        condition: () => zeroLike(condition),
        t: () => tf.where(condition, dy, tf.zerosLike(dy)),
        e: () => tf.where(condition, tf.zerosLike(dy), dy),
      };
    },
  },
  {
    kernelName: 'GatherV2',
    inputsToSave: ['x', 'indices'],
    gradFunc(dy: tf.Tensor, saved, { axis, batchDims = 0 }) {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      if (batchDims !== 0) {
        throw new InvalidInputError(
          'batchDims',
          'tf.gather has no gradient with batchDims: reshape to gather without.',
        );
      }
      const along = tf.util.parseAxisParam(axis, x.shape)[0] as number;
      return { x: () => ungather(dy, x, indices, along), indices: () => zeroLike(indices) };
    },
  },
  {
    kernelName: 'GatherNd',
    inputsToSave: ['params', 'indices'],
    gradFunc(dy: tf.Tensor, saved) {
      const [params, indices] = saved as [tf.Tensor, tf.Tensor];
      return {
        params: () => tf.scatterND(tf.cast(indices, 'int32'), dy, params.shape),
        indices: () => zeroLike(indices),
      };
    },
  },
  {
    kernelName: 'ScatterNd',
    inputsToSave: ['indices'],
    gradFunc(dy: tf.Tensor, saved) {
      const [indices] = saved as [tf.Tensor];
      return { updates: () => tf.gatherND(dy, tf.cast(indices, 'int32')), indices: () => zeroLike(indices) };
    },
  },
];
