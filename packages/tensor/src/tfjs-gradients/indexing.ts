import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, zeroLike } from './gradient.ts';
import { unmove } from './shapes.ts';

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

/** Reading and writing at places that a tensor names. */
export const indexing: readonly Gradient[] = [
  {
    kernelName: 'GatherV2',
    replaces: true,
    inputsToSave: ['x', 'indices'],
    gradFunc(dy: tf.Tensor, saved, { axis, batchDims = 0 }) {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      if (batchDims !== 0) {
        const move = (numbers: tf.Tensor) => tf.gather(numbers, indices, axis, batchDims);
        return { x: () => unmove(dy, x, move), indices: () => zeroLike(indices) };
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
  {
    kernelName: 'UnsortedSegmentSum',
    replaces: true,
    inputsToSave: ['segmentIds'],
    gradFunc(dy: tf.Tensor, saved, { numSegments }) {
      const ids = tf.cast(saved[0] as tf.Tensor, 'float32');
      return {
        x: () => {
          // What belongs to no segment was left out.
          const inside = tf.cast(tf.logicalAnd(tf.greaterEqual(ids, 0), tf.less(ids, numSegments)), 'float32');
          const rows = tf.gather(dy, tf.cast(tf.clipByValue(ids, 0, numSegments - 1), 'int32'));
          return tf.mul(rows, tf.reshape(inside, [...ids.shape, ...dy.shape.slice(1).map(() => 1)]));
        },
        segmentIds: () => zeroLike(ids),
      };
    },
  },
  {
    kernelName: 'TopK',
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc([dy]: [tf.Tensor], saved) {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      const places = () => tf.cast(tf.oneHot(indices, x.shape.at(-1) as number), 'float32');
      return { x: () => tf.sum(tf.mul(places(), tf.expandDims(dy, -1)), -2) };
    },
  },
];
