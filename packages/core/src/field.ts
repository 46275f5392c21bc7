import type { Solver, Stepper } from './solver.ts';
import type { ErrorNorm, Space } from './space.ts';

/**
 * The right-hand side of y' = f(t, y) with parameters `P`, and its vector-Jacobian product. It must be a pure function:
 * a solver evaluates it for steps that it then rejects, and strategies evaluate it again.
 */
export interface Field<Y, P> {
  /** f(t, y): a new state that the caller owns. `t` is a double. */
  evaluate(t: number, y: Y): Y;
  /**
   * cotangent . df/d(t, y, parameters) at (t, y). The caller owns the states returned.
   *
   * @param wantTime whether `t` is wanted; when it is not, `t` is 0
   */
  vjp(t: number, y: Y, cotangent: Y, wantTime: boolean): FieldCotangents<Y, P>;
  /**
   * A stepper of the field's own for a solver, where it has one: a compiled field takes a whole step in one call.
   *
   * @param norm measures the error estimate; without it steps carry none
   * @param counts where the stepper counts how often it uses the field
   * @returns undefined to have the solver make its own
   */
  stepper?(solver: Solver, norm: ErrorNorm<Y> | undefined, counts: FieldCounts): Stepper<Y, P> | undefined;
  /**
   * Set on a field of one sample, whose batches are solved with step sizes of each sample's own: how many components a
   * sample has in each leaf of the state.
   */
  readonly sampleSizes?: readonly number[] | undefined;
  /** The parameters that f reads. */
  readonly parameters: P;
  /** The space that the parameters' cotangents live in. */
  readonly parameterSpace: Space<P>;
}

/** Cotangents of all that a field depends on. */
export interface FieldCotangents<Y, P> {
  readonly t: number;
  readonly y: Y;
  readonly parameters: P;
}

/** How often a field was used. */
export interface FieldCounts {
  evaluations: number;
  vjps: number;
}

/** The same field, counting its use in `counts`. */
export function countedField<Y, P>(field: Field<Y, P>, counts: FieldCounts): Field<Y, P> {
  return {
    parameters: field.parameters,
    parameterSpace: field.parameterSpace,
    evaluate(t, y) {
      counts.evaluations++;
      return field.evaluate(t, y);
    },
    vjp(t, y, cotangent, wantTime) {
      counts.vjps++;
      return field.vjp(t, y, cotangent, wantTime);
    },
  };
}
