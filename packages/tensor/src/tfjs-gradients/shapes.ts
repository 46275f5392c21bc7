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

/** Undoes an operation that copies elements of x: moves their numbers likewise, and adds up what came from each. */
export function unmove(dy: tf.Tensor, x: tf.Tensor, move: (numbers: tf.Tensor) => tf.Tensor): tf.Tensor {
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
    replaces: true,
    gradFunc: (dy: tf.Tensor, _, { dtype }) => ({
      // To whole numbers it is a step function.
      x: () => (dtype === 'float32' ? tf.cast(dy, 'float32').clone() : zeroLike(dy)),
    }),
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
    kernelName: 'SpaceToBatchND',
    gradFunc: (dy: tf.Tensor, _, { blockShape, paddings }) => ({
      x: () => tf.batchToSpaceND(dy, blockShape, paddings),
    }),
  },
  {
    kernelName: 'BatchToSpaceND',
    gradFunc: (dy: tf.Tensor, _, { blockShape, crops }) => ({ x: () => tf.spaceToBatchND(dy, blockShape, crops) }),
  },
  {
    kernelName: 'DepthToSpace',
    inputsToSave: ['x'],
    gradFunc: (dy: tf.Tensor, [x], { blockSize, dataFormat }) => ({
      x: () => unmove(dy, x as tf.Tensor, (numbers) => tf.depthToSpace(numbers as tf.Tensor4D, blockSize, dataFormat)),
    }),
  },
];
