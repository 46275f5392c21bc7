import type { Reading } from './routine.ts';

/** Relative and absolute tolerance, for all components alike or one for each. */
export interface Tolerance<Y> {
  readonly rtol: number | Y;
  readonly atol: number | Y;
}

/**
 * What a solver needs of a state. The solver never looks inside a `Y`: it may be a Float64Array, tensors, or memory of a
 * WebAssembly module. Every method that returns a `Y` returns a new state that the caller owns; `release` gives it back.
 * When a field throws, what a solve then held is not released one by one: a space of scarce memory remembers what it made,
 * and whoever made the space for a solve gives back the rest when it ends.
 */
export interface Space<Y> {
  /**
   * base + sum_i coefficients[i] * terms[i].
   *
   * @param base a state, or `null` for zero; then there is at least one term
   * @param coefficients doubles, whatever the state's dtype
   * @param terms states of the same structure as `base`
   */
  combine(base: Y | null, coefficients: readonly number[], terms: readonly Y[]): Y;
  /** The zero state of the same structure as `like`. */
  zeros(like: Y): Y;
  /** The sum of the products of all components. */
  dot(a: Y, b: Y): number;
  /** Root mean square of all components; not finite when one of them is not; 0 for a state without components. */
  norm(y: Y): Reading;
  /**
   * A number that is finite when all components are, for the tests of states that nothing else is asked of. Default:
   * `norm`. Where reading a number is dear, a space may take its states to be finite; what is not shows in the results.
   */
  finite?(y: Y): Reading;
  /**
   * Root mean square of error / (atol + rtol max(|y0|, |y1|)) (Hairer, Norsett & Wanner 1993, II.4, equation 4.11). A
   * component whose error and scale are both zero counts as zero, one whose scale is not finite as infinite.
   */
  errorNorm(error: Y, y0: Y, y1: Y, tolerance: Tolerance<Y>): Reading;
  /** The vector-Jacobian product of `errorNorm`, for a cotangent of its value. */
  errorNormVjp(error: Y, y0: Y, y1: Y, tolerance: Tolerance<Y>, cotangent: number): { error: Y; y0: Y; y1: Y };
  /** Number of components. */
  size(y: Y): number;
  /** Gives a state back. Releasing a state twice, or one that the space did not make, does nothing. */
  release(y: Y): void;
}

/** Whether all components are finite, as a number that is finite then. */
export function finiteness<Y>(space: Space<Y>, y: Y): Reading {
  return space.finite?.(y) ?? space.norm(y);
}

/** Releases states, but for those that live on. */
export function releaseAll<Y>(space: Space<Y>, states: readonly Y[], ...living: readonly (Y | undefined)[]): void {
  for (const state of states) if (!living.includes(state)) space.release(state);
}

/** How large an error is against the tolerance: a step is good when this is at most 1. */
export interface ErrorNorm<Y> {
  /** Set when this is the space's own error norm with these tolerances, so that a stepper may compute it in its own way. */
  readonly tolerance?: Tolerance<Y>;
  value(error: Y, y0: Y, y1: Y): Reading;
  vjp(error: Y, y0: Y, y1: Y, cotangent: number): { error: Y; y0: Y; y1: Y };
}

/** The usual norm: that of the space, over all components. */
export function errorNorm<Y>(space: Space<Y>, tolerance: Tolerance<Y>): ErrorNorm<Y> {
  return {
    tolerance,
    value: (error, y0, y1) => space.errorNorm(error, y0, y1, tolerance),
    vjp: (error, y0, y1, cotangent) => space.errorNormVjp(error, y0, y1, tolerance, cotangent),
  };
}
