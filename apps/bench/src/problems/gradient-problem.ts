import type * as tf from '@tensorflow/tfjs-core';
import type { ArrayFunction, ArrayVjp } from 'neural-ode';

/** A loss of the states at given times: the result is its gradient with respect to the parameters. */
export interface GradientProblem {
  readonly f: ArrayFunction;
  readonly vjp: ArrayVjp;
  readonly y0: Float64Array;
  readonly ts: readonly number[];
  readonly parameters: Float64Array;
  readonly rtol: number;
  readonly atol: number;
  /**
   * Cotangents of the states: the loss differentiated. The arrays are the same at every call, with other numbers, and
   * nothing else is allocated: garbage of the loss would be counted as the solver's.
   */
  lossCotangents(ys: readonly Float64Array[]): Float64Array[];
  /** The same on float32 tensors of the current backend. */
  tensors(): TensorProblem;
  /** The same as JSON, for programs. */
  json(): object;
}

/** A gradient problem on tensors. */
interface TensorProblem {
  readonly f: (t: tf.Scalar, y: tf.Tensor) => tf.Tensor;
  readonly y0: tf.Tensor;
  readonly variables: readonly tf.Variable[];
  loss(ys: tf.Tensor): tf.Scalar;
  /** The gradients of the variables in the order of the plain parameters. */
  flatten(gradients: readonly tf.Tensor[]): Float64Array;
  dispose(): void;
}

/** Arrays to be filled again and again: making them would cost as much as a solve of a compiled field. */
export function reused(count: number, size: number): Float64Array[] {
  return Array.from({ length: count }, () => new Float64Array(size));
}
