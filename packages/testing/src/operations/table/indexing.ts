import * as tf from '@tensorflow/tfjs-core';
import { type Operation, real } from '../operation.ts';

const int = (values: number[], ...shape: number[]) => tf.tensor(values, shape, 'int32');

/** What reads or writes at places that a tensor names. */
export const indexing: readonly Operation[] = [
  ...[0, 1, -1].map((axis) => ({
    name: `gather along ${axis}`,
    inputs: [real(3, 2, 4)],
    f: (x: tf.Tensor) => tf.gather(x, int([1, 0, 1], 3), axis),
  })),
  { name: 'gather of a matrix of indices', inputs: [real(4, 2)], f: (x) => tf.gather(x, int([3, 0, 3, 1], 2, 2)) },
  {
    name: 'gather in a batch',
    inputs: [real(2, 4, 3)],
    f: (x) => tf.gather(x, int([3, 0, 0, 1], 2, 2), 1, 1),
  },
  {
    name: 'an embedding, used twice',
    inputs: [real(5, 3), real(3, 3)],
    f: (table, weights) => tf.tanh(tf.matMul(tf.square(tf.gather(table, int([4, 4, 0], 3))), weights)),
  },
  { name: 'gatherND of components', inputs: [real(3, 4)], f: (x) => tf.gatherND(x, int([0, 1, 2, 3, 0, 1], 3, 2)) },
  { name: 'gatherND of rows', inputs: [real(3, 4)], f: (x) => tf.square(tf.gatherND(x, int([2, 2, 0], 3, 1))) },
  { name: 'scatterND', inputs: [real(3)], f: (x) => tf.scatterND(int([4, 1, 1], 3, 1), tf.square(x), [6]) },
  { name: 'scatterND of rows', inputs: [real(2, 3)], f: (x) => tf.scatterND(int([2, 0], 2, 1), x, [4, 3]) },
  {
    name: 'unsortedSegmentSum',
    inputs: [real(5)],
    f: (x) => tf.unsortedSegmentSum(tf.square(x), tf.tensor1d([2, 0, 2, 1, 0], 'int32'), 4),
    exact: (x) => [x![1]! ** 2 + x![4]! ** 2, x![3]! ** 2, x![0]! ** 2 + x![2]! ** 2, 0],
  },
  {
    name: 'unsortedSegmentSum of rows',
    inputs: [real(4, 2)],
    f: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 1, 0, 2], 'int32'), 3),
  },
  {
    name: 'unsortedSegmentSum of rows in no segment',
    inputs: [real(4, 2)],
    f: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 0, 5], 'int32'), 2),
    exact: (x) => [...x!.slice(4, 6), ...x!.slice(0, 2)],
  },
  {
    name: 'oneHot',
    inputs: [real(3, 4)],
    f: (x) => tf.mul(x, tf.oneHot(tf.argMax(x, 1), 4)),
  },
  {
    name: 'booleans as numbers',
    inputs: [real(6)],
    f: (x) => tf.mul(tf.square(x), tf.cast(tf.greater(x, 0), 'float32')),
    exact: (x) => x!.map((value) => (value > 0 ? value * value : 0)),
  },
];
