import * as tf from '@tensorflow/tfjs-core';
import type { Layout, Representation } from './representation.ts';
import { TensorSpace, type TensorState } from './tensor-space.ts';

/**
 * States as tensors on the backend, for backends whose numbers are dear to read.
 *
 * @param trusting whether they count as finite without being read
 */
export function tensorStates({ shapes }: Layout, trusting = false): Representation<TensorState> {
  const space = new TensorSpace(trusting);
  return {
    space,
    pack: (leaves) => space.make(() => leaves.map((leaf, n) => leaf?.clone() ?? tf.zeros(shapes[n] as number[]))),
    unpack: (y) => y.leaves.map((leaf) => leaf.clone()),
    stack: (ys) => shapes.map((_, n) => tf.tidy(() => tf.stack(ys.map((y) => y.leaves[n] as tf.Tensor)))),
    unstack(leaves) {
      const rows = leaves.map((leaf) => tf.unstack(leaf));
      const states = (rows[0] ?? []).map((_, row) =>
        space.make(() => rows.map((leaf) => (leaf[row] as tf.Tensor).clone())),
      );
      tf.dispose(rows);
      return states;
    },
    least: (y) => space.least(y),
    tensors: (ys) => ys.flatMap((y) => y.leaves),
    replace(ys, tensors) {
      let next = 0;
      for (const y of ys) y.leaves = y.leaves.map(() => tensors[next++] as tf.Tensor);
    },
    close: () => space.close(),
  };
}
