import type { BackwardStats, Gradient, Solver, Stats } from 'neural-ode';

/** The loss at given masses, its gradient, and what both took. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: readonly number[];
  readonly forward: Stats;
  readonly backward: BackwardStats;
}

/** The loss mean_t 0.01^t |dr|^2 as a function of the masses. Whoever makes one disposes it. */
export interface Objective {
  evaluate(masses: readonly number[]): Evaluation;
  dispose(): void;
}

/** How the objective solves and differentiates. */
export interface SolveOptions {
  readonly solver: Solver;
  readonly gradient: Gradient;
  readonly rtol: number;
  readonly atol: number;
}
