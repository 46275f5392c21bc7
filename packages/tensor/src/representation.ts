import type { Reading, Space } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * How a tree's leaves are kept between two evaluations of the field. Generic code sees only `Y` and its space; tensors
 * appear where the user's function is called, and at both ends of the solve.
 */
export interface Representation<Y> {
  readonly space: Space<Y>;
  /** A state with the values of the tensors (absent: zeros), which stay the caller's. The state is the caller's too. */
  pack(leaves: readonly (tf.Tensor | undefined)[]): Y;
  /** The leaves of a state, as new tensors that belong to the enclosing tidy. */
  unpack(y: Y): tf.Tensor[];
  /** One tensor `[ys.length, ...shape]` a leaf, likewise new. */
  stack(ys: readonly Y[]): tf.Tensor[];
  /** The inverse of `stack`; undefined for what is known to be zero. The caller owns the states. */
  unstack(leaves: readonly tf.Tensor[]): (Y | undefined)[];
  /** A number that is negative when a component is negative or not finite, else not. */
  least(y: Y): Reading;
  /** The tensors that states consist of, for a tape to keep alive. */
  tensors(ys: readonly Y[]): tf.Tensor[];
  /** Lets the states consist of other tensors of the same values, which stay the caller's. */
  replace(ys: readonly Y[], tensors: readonly tf.Tensor[]): void;
  /** Ends the solve: disposes every tensor that is still kept. */
  close(): void;
}

/** Sizes of a tree's leaves in one flat array. */
export interface Layout {
  readonly shapes: readonly (readonly number[])[];
  /** Where each leaf starts, and the whole length at the end. */
  readonly offsets: readonly number[];
}

/** The layout of these leaves, one after the other. */
export function layoutOf(leaves: readonly tf.Tensor[]): Layout {
  const offsets = [0];
  for (const leaf of leaves) offsets.push((offsets.at(-1) as number) + leaf.size);
  return { shapes: leaves.map((leaf) => leaf.shape), offsets };
}
