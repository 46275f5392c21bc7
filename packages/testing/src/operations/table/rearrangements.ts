import * as tf from '@tensorflow/tfjs-core';
import { type Operation, real } from '../operation.ts';

const mirror = (mode: 'reflect' | 'symmetric'): readonly Operation[] => [
  {
    name: `mirrorPad, ${mode}`,
    inputs: [real(3, 4)],
    f: (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 1],
        ],
        mode,
      ),
  },
  {
    name: `mirrorPad of images, ${mode}`,
    inputs: [real(1, 3, 3, 2)],
    f: (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        mode,
      ),
  },
];

const along = (axis: number): readonly Operation[] => {
  const inputs = [real(2, 3, 2)];
  return [
    {
      name: `concat along ${axis}`,
      inputs: [...inputs, ...inputs],
      f: (x, y) => tf.concat([x, y, tf.square(x)], axis),
    },
    { name: `stack along ${axis}`, inputs: [...inputs, ...inputs], f: (x, y) => tf.stack([x, tf.square(y), x], axis) },
    {
      name: `unstack along ${axis}`,
      inputs,
      f: (x) => tf.addN(tf.unstack(x, axis).map((part, n) => tf.mul(part, n + 1))),
    },
    {
      name: `split along ${axis}`,
      inputs,
      f: (x) => tf.square(tf.split(tf.concat([x, x], axis), 2, axis)[1]!),
    },
    {
      name: `split in unequal parts along ${axis}`,
      inputs,
      f(x) {
        const [first, , last] = tf.split(tf.concat([x, x], axis), [1, 2, 2 * x.shape.at(axis)! - 3], axis);
        return tf.concat([tf.square(first!), last!], axis);
      },
    },
    { name: `reverse along ${axis}`, inputs, f: (x) => tf.reverse(x, axis) },
    { name: `expandDims along ${axis}`, inputs, f: (x) => tf.square(tf.expandDims(x, axis)) },
  ];
};

const transposes: readonly Operation[] = [[1, 0, 2], [2, 0, 1], [0, 2, 1], undefined].map((order) => ({
  name: `transpose to ${order ?? 'the reversed order'}`,
  inputs: [real(2, 3, 4)],
  f: (x: tf.Tensor) => tf.transpose(x, order),
}));

/** What moves numbers and computes none. */
export const rearrangements: readonly Operation[] = [
  ...[0, 1, -1].flatMap(along),
  ...transposes,
  { name: 'transpose of six axes', inputs: [real(1, 2, 1, 2, 1, 2)], f: (x) => tf.transpose(x, [5, 3, 4, 0, 2, 1]) },
  { name: 'reshape', inputs: [real(2, 3)], f: (x) => tf.square(tf.reshape(x, [3, -1])) },
  { name: 'squeeze', inputs: [real(2, 1, 3)], f: (x) => tf.square(tf.squeeze(x)) },
  { name: 'clone', inputs: [real(3)], f: (x) => tf.add(tf.clone(x), x) },
  { name: 'reverse of all axes', inputs: [real(2, 3)], f: (x) => tf.reverse(x), exact: (x) => x!.toReversed() },
  { name: 'pad of a vector', inputs: [real(3)], f: (x) => tf.pad(x, [[1, 2]]), exact: (x) => [0, ...x!, 0, 0] },
  {
    name: 'pad with a number',
    inputs: [real(2, 3)],
    f: (x) =>
      tf.pad(
        x,
        [
          [0, 1],
          [2, 0],
        ],
        0.5,
      ),
  },
  {
    name: 'pad of images',
    inputs: [real(1, 2, 3, 2)],
    f: (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
  },
  ...mirror('reflect'),
  ...mirror('symmetric'),
  { name: 'slice', inputs: [real(3, 4)], f: (x) => tf.slice(x, [1, 2], [2, 1]) },
  { name: 'slice from a number on', inputs: [real(4)], f: (x) => tf.slice(x, 1), exact: (x) => x!.slice(1) },
  { name: 'slice from fewer numbers than axes', inputs: [real(3, 4)], f: (x) => tf.slice(x, [1], [1]) },
  { name: 'slice to the end', inputs: [real(3, 4)], f: (x) => tf.slice(x, [1, 1], [-1, 2]) },
  { name: 'stridedSlice', inputs: [real(5, 4)], f: (x) => tf.stridedSlice(x, [0, 1], [5, 4], [2, 2]) },
  { name: 'stridedSlice backwards', inputs: [real(5, 3)], f: (x) => tf.stridedSlice(x, [-1, 0], [0, 3], [-2, 1]) },
  {
    name: 'stridedSlice of one row',
    inputs: [real(5, 3)],
    f: (x) => tf.stridedSlice(x, [2, 0], [3, 3], [1, 1], 0, 0, 0, 0, 1),
  },
  { name: 'tile of a vector', inputs: [real(3)], f: (x) => tf.tile(x, [3]), exact: (x) => [...x!, ...x!, ...x!] },
  { name: 'tile', inputs: [real(2, 1, 3)], f: (x) => tf.tile(x, [1, 3, 2]) },
  { name: 'broadcastTo', inputs: [real(2, 1)], f: (x) => tf.broadcastTo(x, [3, 2, 4]) },
  {
    name: 'spaceToBatchND',
    inputs: [real(1, 4, 4, 1)],
    f: (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  {
    name: 'batchToSpaceND',
    inputs: [real(4, 2, 2, 1)],
    f: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  { name: 'depthToSpace', inputs: [real(1, 2, 2, 4)], f: (x) => tf.depthToSpace(x, 2) },
];
