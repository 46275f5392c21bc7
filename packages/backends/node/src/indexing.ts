import * as tf from '@tensorflow/tfjs-core';
import { made, type Repair } from './repair.ts';

/** Kernels that tfjs-node refuses to run on indices that the other backends take. */
export const indexing: Readonly<Record<string, Repair>> = {
  // An axis counted from the end.
  GatherV2(call, stock) {
    const { axis } = call.attrs as unknown as { axis: number };
    if (axis >= 0) return undefined;
    const { rank } = call.inputs.x as tf.Tensor;
    return made(stock({ ...call, attrs: { ...call.attrs, axis: axis + rank } }));
  },
  // Rows of a segment beyond the last count for none, as those of a negative one do.
  UnsortedSegmentSum(call, stock) {
    const { numSegments } = call.attrs as unknown as { numSegments: number };
    const segmentIds = call.inputs.segmentIds as tf.Tensor;
    const known = tf.where(tf.less(segmentIds, numSegments), segmentIds, tf.fill(segmentIds.shape, -1, 'int32'));
    return made(stock({ ...call, inputs: { ...call.inputs, segmentIds: known } }));
  },
};
