import type * as tf from '@tensorflow/tfjs-core';
import type { ArrayFunction } from 'neural-ode';

/** Initial value problems with one field, each solved to its end with steps of its own: the result is the end states. */
export interface SolveProblem {
  readonly f: ArrayFunction;
  /** The same on float32 tensors [..., 2]. */
  readonly tensorField: (t: tf.Scalar, y: tf.Tensor) => tf.Tensor;
  readonly starts: readonly (readonly number[])[];
  readonly t0: number;
  readonly t1: number;
  readonly rtol: number;
  readonly atol: number;
}
