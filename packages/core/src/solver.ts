import type { Field } from './field.ts';
import type { Advance, Progress, SampleAdvance, Task } from './integrate.ts';
import type { Reading, Routine } from './routine.ts';
import type { ErrorNorm, Space } from './space.ts';

/** A method for initial value problems, not yet bound to a problem. */
export interface Solver {
  readonly name: string;
  /** Order of convergence: the global error is O(h^order). */
  readonly order: number;
  /** Order q of the error estimate; absent for a method that has none and takes fixed steps only. */
  readonly errorOrder?: number;
  /**
   * Binds the method to a field and a space.
   *
   * @param norm measures the error estimate; without it steps carry none
   */
  bind<Y, P>(field: Field<Y, P>, space: Space<Y>, norm?: ErrorNorm<Y>): Stepper<Y, P>;
}

/** What a step hands to the next one. A solver may carry more than the slope. */
export interface Carry<Y> {
  /** f(t, y) where the next step starts. */
  readonly slope: Y;
}

/** Where a step ran: from y0 at t0 to t1. What the solver computed inside lies in its own subtype. */
export interface Trace<Y> {
  readonly t0: number;
  readonly t1: number;
  readonly y0: Y;
}

/** One step over [t0, t1], accepted or not. It owns its states, but for `y0`. */
export interface Step<Y> extends Trace<Y> {
  readonly y1: Y;
  /** The scaled error norm, when the stepper was bound with a norm. */
  readonly errorNorm?: Reading | undefined;
  /** For a retry from (t0, y0) with another size. */
  readonly carryIn?: Carry<Y> | undefined;
  /** For the step that follows at (t1, y1). */
  readonly carryOut?: Carry<Y> | undefined;
}

/** Cotangents of all that a step gave. */
export interface StepCotangents<Y> {
  /** Of y1. */
  readonly y1?: Y | undefined;
  /** Of outputs interpolated at times within the step. */
  readonly outputs?: readonly { readonly t: number; readonly cotangent: Y }[];
  /** Of the scaled error norm. */
  readonly errorNorm?: number;
  /** Whether cotangents of times and of the step's size are wanted. */
  readonly wantTime?: boolean;
}

/** Cotangents of all that a step depends on; those of times are 0 unless `wantTime`. */
export interface StepVjp<Y, P> {
  readonly y0: Y;
  readonly parameters: P;
  /** Of the start t0, the size held fixed. */
  readonly t: number;
  /** Of the size h = t1 - t0. */
  readonly h: number;
  /** Of the times of the interpolated outputs, in their order. */
  readonly outputs: readonly number[];
}

/** A solver bound to a field and a space. */
export interface Stepper<Y, P> {
  /** The slope f(t0, y0), to be carried into the first step. */
  start(t0: number, y0: Y): Carry<Y>;
  /** One step over [t0, t1], in either direction of time. */
  step(t0: number, t1: number, y0: Y, carry?: Carry<Y> | undefined): Step<Y>;
  /**
   * A step that was taken before, to be differentiated: it has no y1 and recomputes its stages only when `vjp` or
   * `interpolate` needs them.
   */
  revisit(t0: number, t1: number, y0: Y): Trace<Y>;
  /** The dense output at `t` within the step: a new state that the caller owns. */
  interpolate(step: Trace<Y>, t: number): Y;
  /** The step's vector-Jacobian product. The caller owns the states returned. */
  vjp(step: Trace<Y>, cotangents: StepCotangents<Y>): StepVjp<Y, P>;
  /** All states that the step owns, y1 included. */
  states(step: Trace<Y>): Y[];
  /**
   * Takes as many of the loop's steps as it can by itself, with the same result as the loop: a compiled stepper needs no
   * call from outside for each. Whatever is out of the ordinary (a norm that is not finite, a bound that is reached) it
   * leaves to the loop, which asks again after every step of its own. It takes over the carry.
   *
   * @returns undefined when it took none
   */
  advance?(task: Task<Y, P>, from: Progress<Y>): Advance<Y> | undefined;
  /**
   * Likewise whole solves from many states, each from its own first step on (of size `firstStep`, where given) as if it
   * were alone. Absent are those with anything out of the ordinary.
   *
   * @param task of one of them
   */
  advanceAll?(
    task: Task<Y, P>,
    y0s: readonly Y[],
    firstStep: number | undefined,
  ): readonly (SampleAdvance<Y> | undefined)[] | undefined;
  /**
   * Likewise all of the walk back through accepted steps; see `pullbackSteps`.
   *
   * @param mesh step ends, the start included
   * @param ys the states there
   * @param ts output times; the first is the start of the steps and is left to the caller
   * @param cotangents of the outputs at `ts`, absent for zero
   */
  pullback?(
    mesh: readonly number[],
    ys: readonly Y[],
    ts: readonly number[],
    cotangents: readonly (Y | undefined)[],
  ): { y0: Y | undefined; parameters: P } | undefined;
  /** Magnitude of the first step, as `firstStepSize` has it, from the state and the slope that `start` gave. */
  firstStepSize?(t0: number, y0: Y, carry: Carry<Y>, span: number, errorOrder: number): number;
  /** The first stage (from 1) whose slope is not finite, for an error message; undefined when all are finite. */
  firstBadStage(step: Trace<Y>): Routine<number | undefined>;
}
