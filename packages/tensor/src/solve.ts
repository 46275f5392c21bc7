import { type Mesh, runAsync, runSync, type SaveAt, type Solution, solveRoutine } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { offTape } from './engine.ts';
import type { TensorStepOptions } from './options.ts';
import { bind, type Setup, setUp } from './setup.ts';
import type { BoundFunction, TensorFunction } from './tensor-function.ts';
import { readTimesAsync, type Times } from './times.ts';
import { type Like, type TensorTree, unflatten } from './tree.ts';

/** What to solve: y' = f(t, y, args) from y(t0) = y0 to t1, forwards or backwards. */
export interface TensorProblem<Y extends TensorTree, A = undefined> {
  readonly f: NoInfer<TensorFunction<Y, A>>;
  /** float32 tensors of any shapes, singly or in arrays and records. */
  readonly y0: Y;
  readonly t0: number;
  readonly t1: number;
}

/** Options of {@link solve}. */
export interface TensorSolveOptions<A = undefined> extends TensorStepOptions<A> {
  /** Default `'end'`. Times must be strictly monotonic and lie between t0 and t1. */
  readonly saveAt?: SaveAt | undefined;
  /** Whether a failure is thrown as a SolveError. Default true; with false it is data in the solution. */
  readonly throw?: boolean | undefined;
}

/**
 * Solves an initial value problem without a gradient; for one see `odeint`.
 *
 * @returns trees as y0 in `ys`, and from `dense`; the caller disposes them, those in `ys` by `dispose`
 * @throws InvalidInputError, RegistryError, FieldError, SolveError
 */
export function solve<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options: TensorSolveOptions<A>,
): Solution<Like<Y>> {
  const { bound, setup, routine } = started(problem, options);
  try {
    return finished(bound, setup, runSync(routine)) as Solution<never>;
  } catch (error) {
    setup.close();
    throw error;
  }
}

/** Like {@link solve}, for backends that cannot be read synchronously. Its tensors belong to no tidy. */
export async function solveAsync<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options: TensorSolveOptions<A>,
): Promise<Solution<Like<Y>>> {
  const { bound, setup, routine } = started(problem, options);
  return runAsync(routine).then(
    (solution) => finished(bound, setup, solution) as Solution<never>,
    (error) => {
      setup.close();
      throw error;
    },
  );
}

/**
 * The accepted steps of a solve, found without blocking. Given as the `mesh` option of `odeint` they are taken without a
 * search, so that the solve can be differentiated on a backend that cannot be read synchronously.
 */
export async function planMesh<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: NoInfer<TensorFunction<Y, A>>,
  y0: Y,
  ts: Times,
  options: TensorStepOptions<A>,
): Promise<Pick<Mesh<never>, 'ts'>> {
  const times = await readTimesAsync(ts);
  const span = { t0: times[0] as number, t1: times.at(-1) as number };
  const solution = await solveAsync<Y, A>({ f, y0, ...span }, options);
  solution.dispose();
  return { ts: solution.mesh.ts };
}

function started<Y extends TensorTree>(problem: TensorProblem<Y, never>, options: TensorSolveOptions<unknown>) {
  const { f, y0, t0, t1 } = problem;
  const bound = bind(f, y0, options.args);
  const setup = setUp(bound, options);
  const { saveAt, throw: throws } = options;
  return {
    bound,
    setup,
    routine: solveRoutine(setup.problem(t0, t1), { ...setup.options, saveAt, throw: throws }),
  };
}

/** The solution with trees in place of states. */
function finished(bound: BoundFunction, setup: Setup, solution: Solution<unknown>): Solution<TensorTree> {
  const { structure } = bound.y;
  const tree = (y: unknown) =>
    unflatten(
      structure,
      offTape(() => setup.states.unpack(y)),
    );
  setup.checkTimes(solution.mesh.ts);
  const ys = solution.ys.map(tree);
  const { dense, ts, stats, status, failure, mesh } = solution;
  const release = () => {
    solution.dispose();
    setup.close();
  };
  if (!dense) release();
  return {
    ts,
    ys,
    stats,
    status,
    failure,
    mesh: { ts: mesh.ts },
    dense: dense && ((t) => tree(offTape(() => dense(t)))),
    dispose() {
      tf.dispose(ys as tf.TensorContainer);
      if (dense) release();
    },
  };
}
