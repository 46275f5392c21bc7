import type { Field } from './field.ts';
import type { Mesh } from './mesh.ts';
import type { StepOptions } from './prepare.ts';
import type { Routine } from './routine.ts';
import type { Space } from './space.ts';

/** A solve whose outputs at `ts` are to be differentiated. */
export interface GradientTask<Y, P> {
  readonly field: Field<Y, P>;
  readonly space: Space<Y>;
  readonly y0: Y;
  /** Output times, strictly monotonic; ts[0] is the start, where the output is y0. */
  readonly ts: readonly number[];
  readonly options: StepOptions<Y>;
  /** Whether cotangents of `ts` are wanted. */
  readonly wantTimes: boolean;
  /** Called with a sentence when a gradient is computed but should not be trusted. */
  readonly warn: (message: string) => void;
}

/**
 * A gradient strategy: a short program over `step` and `vjp`. `record` solves forwards and keeps what the strategy needs
 * to go back.
 */
export interface Gradient {
  readonly name: string;
  record<Y, P>(task: GradientTask<Y, P>): Routine<Recording<Y, P>>;
}

/** A solve that was recorded. */
export interface Recording<Y, P> {
  /** The states at `ts`; the caller owns them. */
  readonly ys: readonly Y[];
  /** The states that `pullback` reads: they must stay alive until it ran, and are the caller's to release after. */
  readonly retained: readonly Y[];
  readonly mesh: Mesh<Y>;
  readonly stats: Stats;
  /** For a batch whose samples have steps of their own: each sample's; `mesh` is empty. */
  readonly samples?: readonly SampleSolve[] | undefined;
  /**
   * Cotangents of what the outputs depend on, given those of the outputs; an absent one is zero. The caller owns the
   * states returned.
   *
   * Let it call a generator function of the module, and be none itself: V8 makes every generator function that runs a hidden
   * class of its own, in memory that only a full collection visits, and that keeps alive all that the function closes over.
   */
  pullback(cotangents: readonly (Y | undefined)[]): Routine<Cotangents<Y, P>>;
}

/** What one sample of a batch took. */
export interface SampleSolve {
  readonly mesh: Pick<Mesh<unknown>, 'ts'>;
  readonly stats: Stats;
}

/** Cotangents of a solve. */
export interface Cotangents<Y, P> {
  readonly y0: Y;
  readonly parameters: P;
  /** Of `ts`, where wanted: the start, then every output time. */
  readonly ts?: readonly number[] | undefined;
  readonly stats: BackwardStats;
}

/** What a solve cost. */
export interface Stats {
  /** Evaluations of the field. */
  readonly evaluations: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** What a gradient cost. */
export interface BackwardStats {
  /** Evaluations of the field, those inside vector-Jacobian products not counted. */
  readonly evaluations: number;
  /** Vector-Jacobian products of the field. */
  readonly vjps: number;
  /**
   * How far a backward solve ended from the states it should have met: the largest difference at an output time, as a
   * root mean square relative to the state's. Only of strategies that reconstruct the trajectory.
   */
  readonly reconstructionError?: number;
}
