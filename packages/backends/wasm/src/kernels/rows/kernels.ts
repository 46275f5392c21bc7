import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Attributes, areFloats, clear, type Inputs, type OwnKernel } from '../kernel.ts';
import type { Workspace } from '../workspace.ts';
import { emitRows, type Rows } from './emit-rows.ts';

const { sizeFromShape } = tf.util;

const rowsOf = (workspace: Workspace) => workspace.module<Rows>('rows', emitRows);

/** The type of numbers of four bytes, which are moved whatever they are; undefined of others. */
function movable({ dtype }: tf.TensorInfo): 'float32' | 'int32' | undefined {
  return dtype === 'float32' || dtype === 'int32' ? dtype : undefined;
}

function gather(inputs: Inputs, { axis, batchDims }: Attributes, workspace: Workspace): tf.TensorInfo | undefined {
  const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
  const dtype = movable(x);
  if (!dtype || indices.dtype !== 'int32') return undefined;
  const along = tf.util.parseAxisParam(axis, x.shape)[0] as number;
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
    tf.backend_util.segment_util.collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, along, batchDims);
  const rows = rowsOf(workspace);
  const places = workspace.address(indices);
  const total = sizeFromShape(indices.shape);
  const valid = rows.valid(places, total, dimSize);
  if (valid < total) {
    const wrong = workspace.integers()[(places >>> 2) + valid];
    throw new InvalidInputError(
      'indices',
      `tf.gather reads along an axis of ${dimSize}, of which number ${wrong} was asked for: indices go from 0 to ${dimSize - 1}.`,
    );
  }
  const output = workspace.output(outputShape, dtype);
  const [from, to] = [workspace.address(x), workspace.address(output)];
  const [count, bytes] = [total / batchSize, 4 * sliceSize];
  for (let n = 0; n < batchSize * outerSize; n++) {
    const own = places + 4 * count * Math.floor(n / outerSize);
    rows.gather(from + n * dimSize * bytes, own, to + n * count * bytes, count, bytes);
  }
  return output;
}

function tile(inputs: Inputs, { reps }: Attributes, workspace: Workspace): tf.TensorInfo | undefined {
  const { x } = inputs as { x: tf.TensorInfo };
  const dtype = movable(x);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => reps[axis] !== 1);
  if (!dtype || axes.length === 0) return undefined;
  // From the last axis to the first, so that what was repeated is repeated as one row.
  return axes.reduceRight((last, axis) => {
    try {
      const shape = last.shape.map((size, n) => (n === axis ? size * reps[n] : size));
      const output = workspace.output(shape, dtype);
      const [count, bytes] = [sizeFromShape(x.shape.slice(0, axis)), 4 * sizeFromShape(last.shape.slice(axis))];
      rowsOf(workspace).repeat(workspace.address(last), workspace.address(output), count, bytes, reps[axis]);
      return output;
    } finally {
      if (last !== x) workspace.release(last);
    }
  }, x);
}

function segmentSum(inputs: Inputs, { numSegments }: Attributes, workspace: Workspace): tf.TensorInfo | undefined {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  if (!areFloats(x) || segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1) return undefined;
  const [count = 0, ...row] = x.shape;
  const output = clear(workspace, workspace.output([numSegments, ...row]));
  const [from, ids, to] = [x, segmentIds, output].map(workspace.address) as [number, number, number];
  rowsOf(workspace).segmentSum(from, ids, to, count, 4 * sizeFromShape(row), numSegments);
  return output;
}

/** Moves of rows, which tfjs makes one number at a time, and their sum, which it lacks. */
export const rows: readonly OwnKernel[] = [
  { kernelName: 'GatherV2', compute: gather },
  { kernelName: 'Tile', compute: tile },
  { kernelName: 'UnsortedSegmentSum', compute: segmentSum },
];
