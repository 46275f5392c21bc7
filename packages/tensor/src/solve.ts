import {
  checkOptions,
  InvalidInputError,
  type Mesh,
  type Routine,
  runAsync,
  runSync,
  type SaveAt,
  type Solution,
} from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { offTape, tapeIsOn } from './engine.ts';
import { checkTolerances, type TensorStepOptions, tensorOptionNames } from './options.ts';
import { bind, setUp } from './setup.ts';
import type { TensorFunction } from './tensor-function.ts';
import { readTimesAsync, span, type Times } from './times.ts';
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
 * @throws InvalidInputError (also while a gradient is recorded, which would be lost), RegistryError, FieldError, SolveError
 */
export function solve<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options: TensorSolveOptions<A>,
): Solution<Like<Y>> {
  return runSync(solution(problem, options)) as Solution<never>;
}

/** Like {@link solve}, for backends that cannot be read synchronously. Its tensors belong to no tidy. */
export async function solveAsync<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  problem: TensorProblem<Y, A>,
  options: TensorSolveOptions<A>,
): Promise<Solution<Like<Y>>> {
  return runAsync(solution(problem, options)) as Promise<Solution<never>>;
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
  checkOptions(options, tensorOptionNames);
  const times = await readTimesAsync(ts);
  const [t0, t1] = span(times);
  const solution = await solveAsync<Y, A>({ f, y0, t0, t1 }, options);
  solution.dispose();
  if (solution.samples) {
    throw new InvalidInputError(
      'f',
      'Every sample of this field has a mesh of its own, so that there is none to plan for the batch: compile it without ' +
        'ownSteps, or solve without a plan.',
    );
  }
  return { ts: solution.mesh.ts };
}

/** Solves into trees. Drive it by `runSync` or `runAsync`. */
function* solution<Y extends TensorTree>(
  problem: TensorProblem<Y, never>,
  options: TensorSolveOptions<unknown>,
): Routine<Solution<TensorTree>> {
  if (tapeIsOn()) {
    throw new InvalidInputError(
      'problem',
      'A gradient is being recorded, which solve would lose: take odeint, or call solve outside of the gradient.',
    );
  }
  const { f, y0, t0, t1 } = problem;
  const bound = bind(f, y0, options, ['saveAt', 'throw']);
  const setup = setUp(bound, options);
  try {
    yield* checkTolerances(setup.options, setup.states);
    const { saveAt, throw: throws } = options;
    const solved = yield* setup.solve(t0, t1, { saveAt, throw: throws });
    setup.checkTimes(solved);

    const { space, unpack } = setup.states;
    const tree = (y: unknown) =>
      unflatten(
        bound.y.structure,
        offTape(() => unpack(y)),
      );
    const ys = solved.ys.map(tree);
    const { dense, ts, stats, samples, status, failure, mesh } = solved;
    const release = () => {
      solved.dispose();
      setup.close();
    };
    if (!dense) release();
    return {
      ts,
      ys,
      stats,
      samples,
      status,
      failure,
      mesh: { ts: mesh.ts },
      dense:
        dense &&
        ((t) => {
          const y = offTape(() => dense(t));
          try {
            return tree(y);
          } finally {
            space.release(y);
          }
        }),
      dispose() {
        tf.dispose(ys as tf.TensorContainer);
        if (dense) release();
      },
    };
  } catch (error) {
    setup.close();
    throw error;
  }
}
