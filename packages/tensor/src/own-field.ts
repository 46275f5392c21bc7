import type { Field } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { Reads } from './probe.ts';

/** Key of a function's property that holds its {@link OwnField}; `@neural-ode/compiler` makes such functions. */
export const ownField: unique symbol = Symbol.for('neural-ode/own-field') as typeof ownField;

/** A tree of tensors, taken apart: leaves in order, and where each lies, as `y0.position[1]`. */
export interface Leaves {
  readonly leaves: readonly tf.Tensor[];
  readonly paths: readonly string[];
}

/** What a function brings that is solved as a field of its own on doubles, in place of being called with tensors. */
export interface OwnField {
  /** What the field computes in. */
  readonly dtype: 'float32' | 'float64';
  /**
   * What the field reads: its parameters, in the order of its parameters' array.
   *
   * @throws InvalidInputError when state or arguments are not those that it was made for
   */
  reads(y: Leaves, args: Leaves | undefined): Reads;
  /**
   * The field on states that are the concatenation of the leaves.
   *
   * @param parameters the values of what `reads` names, concatenated; taken over
   */
  field(parameters: Float64Array): Field<Float64Array, Float64Array>;
}

/** The field that a function brings; undefined for an ordinary one. */
export function ownFieldOf(f: unknown): OwnField | undefined {
  return (f as { readonly [ownField]?: OwnField })[ownField];
}
