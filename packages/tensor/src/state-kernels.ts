import type * as tf from '@tensorflow/tfjs-core';

/**
 * Arithmetic on whole tensors that a backend does in one call, where tfjs takes an operation for each product and sum.
 * The tensors of a call are float32, alive and of one shape. Nothing is recorded for a gradient.
 */
export interface StateKernels {
  /** The sum of coefficients[j] * terms[j], at least one term, in their order: a new tensor of the enclosing tidy. */
  combine(coefficients: readonly number[], terms: readonly tf.Tensor[]): tf.Tensor;
  /** The sum of the products of all components. */
  dot(a: tf.Tensor, b: tf.Tensor): number;
  /**
   * The sum of the squares of error / (atol + rtol max(|y0|, |y1|)). A component whose error and scale are both zero
   * counts as zero; with one whose scale is not finite the sum is not finite.
   */
  scaledSquares(error: tf.Tensor, y0: tf.Tensor, y1: tf.Tensor, rtol: number, atol: number): number;
}
