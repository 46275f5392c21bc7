import { FieldError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { type FlatTree, flattenLike, type Like, type TensorTree, unflatten } from './tree.ts';

/**
 * The right-hand side of y' = f(t, y, args) on tensors. It must be pure, and may use any tfjs operation, variables and
 * tensors from outside. What it makes is disposed by the solver.
 *
 * @param t the time, a float32 scalar
 * @param y a tree as y0
 * @param args the `args` option as it was given
 * @returns the slope: a tree as y0, with the same shapes, float32
 */
export type TensorFunction<Y extends TensorTree = TensorTree, A = undefined> = (t: tf.Scalar, y: Y, args: A) => Like<Y>;

/** A user's function with the shape of its state and its arguments. */
export interface BoundFunction {
  readonly f: (t: tf.Scalar, y: TensorTree, args: TensorTree | undefined) => unknown;
  readonly y: FlatTree;
  readonly args: FlatTree | undefined;
  /** The arguments as they were given. */
  readonly argsTree: TensorTree | undefined;
}

/**
 * Calls the function and checks what it returns. Call it within `tf.tidy`.
 *
 * @param t the time as a double, for messages
 * @throws FieldError naming the leaf when its result is no slope of the state
 */
export function slopes(bound: BoundFunction, t: number, time: tf.Scalar, leaves: readonly tf.Tensor[]): tf.Tensor[] {
  const { f, y, argsTree } = bound;
  const at = `at t = ${t}`;
  const fail = (message: string) => new FieldError(t, `The field returned no slope of the state ${at}: ${message}`);
  return slopeLeaves(f(time, unflatten(y.structure, leaves), argsTree), y, fail);
}

/**
 * The leaves of what a field returned, checked to be a slope of the state.
 *
 * @param y the state, its root called y0
 */
export function slopeLeaves(result: unknown, y: FlatTree, fail: (message: string) => Error): tf.Tensor[] {
  const out = flattenLike(y.structure, result, 'slope', fail);
  out.forEach((slope, n) => {
    const due = (y.leaves[n] as tf.Tensor).shape;
    const path = (y.paths[n] as string).replace(/^y0/, 'slope');
    if (!tf.util.arraysEqual(slope.shape, due)) {
      throw fail(`${path} has shape [${slope.shape}] where [${due}] is due: return one component for each of y.`);
    }
    if (slope.dtype !== 'float32') throw fail(`${path} has dtype ${slope.dtype} where float32 is due: cast it.`);
  });
  return out;
}
