import {
  type ArrayFunction,
  type ArrayOptions,
  solve as arraySolve,
  type Numbers,
  type SaveAt,
  type Solution,
} from '@neural-ode/core';
import {
  type Like,
  type TensorProblem,
  type TensorSolveOptions,
  type TensorStepOptions,
  type TensorTree,
  planMesh as tensorPlanMesh,
  solve as tensorSolve,
  solveAsync as tensorSolveAsync,
} from '@neural-ode/tensor';
import { type Defaulted, isNumbers, withSolver } from './standard.ts';

/** An initial value problem on plain numbers. */
export interface ArrayProblem {
  readonly f: ArrayFunction;
  readonly y0: Numbers;
  readonly t0: number;
  readonly t1: number;
}

/** Options of {@link solve} on plain numbers. */
export type ArraySolveOptions = Defaulted<ArrayOptions> & {
  /** Default `'end'`. Times must be strictly monotonic and lie between t0 and t1. */
  readonly saveAt?: SaveAt | undefined;
  /** Whether a failure is thrown as a SolveError. Default true; with false it is data in the solution. */
  readonly throw?: boolean;
};

/**
 * Solves an initial value problem, without a gradient, into a {@link Solution}: times and states as asked for by
 * `saveAt`, dense output, the steps taken, what it cost, and how it ended.
 *
 * @param problem `{ f, y0, t0, t1 }`, y0 being tensors or numbers as for `odeint`
 * @param options defaults: solver `'dopri5'`, saveAt `'end'`, rtol 1e-5, atol 1e-7
 * @returns a solution whose tensors the caller disposes by `dispose()`
 * @throws InvalidInputError for an argument or option that is unusable, RegistryError for an unknown name, FieldError when
 *   f returns no slope of the state or is not finite at the start, SolveError when the end is not reached
 */
export function solve(problem: ArrayProblem, options?: ArraySolveOptions): Solution<Float64Array>;
export function solve<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options?: Defaulted<TensorSolveOptions<A>>,
): Solution<Like<Y>>;
export function solve(problem: { readonly y0: unknown }, options: Defaulted<{ solver: unknown }> = {}): unknown {
  const of = isNumbers(problem.y0) ? arraySolve : tensorSolve;
  return (of as (...args: unknown[]) => unknown)(problem, withSolver(options));
}

/** Like {@link solve} on tensors, for backends that cannot be read synchronously. Its tensors belong to no tidy. */
export function solveAsync<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options: Defaulted<TensorSolveOptions<A>> = {},
): Promise<Solution<Like<Y>>> {
  return tensorSolveAsync(problem, withSolver(options));
}

/**
 * The accepted steps of a solve on tensors, found without blocking. Given as `odeint`'s `mesh` option they are taken
 * without a search.
 */
export function planMesh<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: TensorProblem<Y, A>['f'],
  y0: Y,
  ts: readonly number[],
  options: Defaulted<TensorStepOptions<A>> = {},
): Promise<Pick<Solution<never>['mesh'], 'ts'>> {
  return tensorPlanMesh<Y, A>(f, y0, ts, withSolver(options));
}
