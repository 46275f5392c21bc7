import * as tf from '@tensorflow/tfjs-core';

/** The attributes of an operation, as its gradient reads them. */
// biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own
export type Attributes = any;

/**
 * The gradient of a kernel: from the cotangent of its output (or outputs) and what was saved to those of its inputs. Each
 * cotangent returned must be a new tensor, since the engine disposes it when it adds another to it.
 */
export interface Gradient extends Omit<tf.GradConfig, 'gradFunc'> {
  /** Whether it replaces tfjs's own, which is wrong, fails, or has no second derivative (measured on 4.22). */
  readonly replaces?: boolean;
  readonly gradFunc: (dy: never, saved: tf.Tensor[], attributes: Attributes) => Record<string, () => tf.Tensor>;
}

/** Sums a cotangent over the axes along which its input was broadcast; always a new tensor. */
export function sumTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  // The wasm backend's sum of nothing is whatever was in memory.
  if (dy.size === 0) return tf.zeros(shape);
  const lead = dy.rank - shape.length;
  const axes = dy.shape.flatMap((size, n) => (n < lead || (shape[n - lead] === 1 && size !== 1) ? [n] : []));
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** Zero for an input that the output does not depend on differentiably. */
export function zeroLike(x: tf.Tensor): tf.Tensor {
  return tf.zeros(x.shape);
}

/** A shape with the given axes (absent: all) reduced to 1. */
export function keptShape(shape: readonly number[], axis: number | number[] | undefined | null): number[] {
  const axes = tf.util.parseAxisParam(axis as number[], shape as number[]);
  return shape.map((size, n) => (axes.includes(n) ? 1 : size));
}

/** Whether the current backend has a kernel. */
export function hasKernel(kernelName: string): boolean {
  return tf.getKernel(kernelName, tf.getBackend()) !== undefined;
}
