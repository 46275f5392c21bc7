import { checkChoice } from './check-options.ts';
import { type Failure, InvalidInputError, SolveError, type Status } from './errors.ts';
import type { SampleSolve, Stats } from './gradient.ts';
import { integrate } from './integrate.ts';
import type { Mesh } from './mesh.ts';
import { checkTimes } from './mesh.ts';
import { copy } from './observe.ts';
import { type Prepared, type Problem, prepare, type StepOptions } from './prepare.ts';
import type { Routine } from './routine.ts';
import type { Step } from './solver.ts';
import { releaseAll } from './space.ts';

/** Where a solution is wanted: at given times, at the end, at the end of every step, or anywhere. */
export type SaveAt = readonly number[] | 'end' | 'steps' | 'dense';

/** Options of {@link solveRoutine}. */
export interface SolveOptions<Y> extends StepOptions<Y> {
  /** Default `'end'`. Times must be strictly monotonic and lie between t0 and t1. */
  readonly saveAt?: SaveAt | undefined;
  /**
   * Whether a failure is thrown as a {@link SolveError}. Default true; with false it is data in the solution. Bad input,
   * and a field that is not finite at t0, always throw.
   */
  readonly throw?: boolean | undefined;
}

/** The solution of an initial value problem. */
export interface Solution<Y> {
  /** Times and states, as asked for by `saveAt`; after a failure those that were reached. */
  readonly ts: readonly number[];
  readonly ys: readonly Y[];
  /** The accepted steps' times: the `mesh` option replays them. */
  readonly mesh: Mesh<Y>;
  readonly stats: Stats;
  /** For a batch whose samples have steps of their own: each sample's. */
  readonly samples?: readonly SampleSolve[] | undefined;
  readonly status: Status;
  /** Why it stopped short, unless `status` is `'success'`. */
  readonly failure?: Failure | undefined;
  /** With `saveAt: 'dense'`: the state at any time of the span, which the caller owns; not after `dispose`. */
  readonly dense?: ((t: number) => Y) | undefined;
  /** Releases all states of the solution. */
  dispose(): void;
}

/** Solves an initial value problem without a gradient. Drive it by `runSync` or `runAsync`. */
export function* solveRoutine<Y, P>(problem: Problem<Y, P>, options: SolveOptions<Y>): Routine<Solution<Y>> {
  const { space, y0, t0, t1 } = problem;
  const saveAt = options.saveAt ?? 'end';
  if (!Array.isArray(saveAt)) checkChoice('saveAt', saveAt, ['end', 'steps', 'dense']);
  const times = typeof saveAt === 'string' ? undefined : savedTimes(saveAt, t0, t1);
  const task = yield* prepare(problem, options);

  // The loop's outputs start with the state at t0, wanted or not.
  const lead = times && times[0] !== t0 ? 1 : 0;
  const outputs = lead ? [t0, ...(times as readonly number[])] : times;
  const retain = saveAt === 'dense' ? 'steps' : saveAt === 'steps' ? 'states' : 'end';
  const outcome = yield* integrate({ retain, outputs, ...task });
  const { failure } = outcome;

  let ts: readonly number[] = outcome.ts;
  let ys: readonly Y[] = outcome.ys;
  if (times) {
    releaseAll(space, ys, y0);
    releaseAll(space, outcome.outputs.slice(0, lead));
    ys = outcome.outputs.slice(lead);
    ts = times.slice(0, ys.length);
  } else {
    if (saveAt === 'end') ts = ts.slice(-1);
    ys = ys.map((y) => (y === y0 ? copy(space, y) : y));
  }
  const steps = outcome.trials.map((trial) => trial.step);
  let disposed = false;
  const dispose = () => {
    disposed = true;
    releaseAll(space, ys);
    for (const step of steps) releaseAll(space, task.stepper.states(step), y0);
  };
  if (failure && options.throw !== false) {
    dispose();
    throw new SolveError(failure);
  }
  const { accepted, rejected } = outcome;
  return {
    ts,
    ys,
    mesh: { ts: outcome.ts },
    stats: { evaluations: task.counts.evaluations, accepted, rejected },
    status: failure?.status ?? 'success',
    failure,
    dense: saveAt === 'dense' ? denseOutput(task, steps, () => disposed) : undefined,
    dispose,
  };
}

/** The accepted steps of a problem, with the states at their ends, which the caller owns. */
export function* plan<Y, P>(
  problem: Problem<Y, P>,
  options: StepOptions<Y>,
): Routine<Mesh<Y> & { readonly ys: readonly Y[] }> {
  const { ts, ys } = yield* solveRoutine(problem, { ...options, saveAt: 'steps' });
  return { ts, ys };
}

/** Solves over the steps of a mesh, without a search; the mesh's span must be the problem's. */
export function replay<Y, P>(
  problem: Problem<Y, P>,
  mesh: Pick<Mesh<unknown>, 'ts'>,
  options: SolveOptions<Y>,
): Routine<Solution<Y>> {
  return solveRoutine(problem, { ...options, mesh });
}

function denseOutput<Y, P>(task: Prepared<Y, P>, steps: readonly Step<Y>[], disposed: () => boolean): (t: number) => Y {
  return (t) => {
    if (disposed()) {
      throw new InvalidInputError('t', 'The solution is disposed: ask its dense output before you dispose it.');
    }
    const first = steps[0]?.t0 ?? task.t0;
    const last = steps.at(-1)?.t1 ?? task.t0;
    if (!((t - first) * (t - last) <= 0)) {
      throw new InvalidInputError(
        't',
        `t = ${t} lies outside the solution, which runs from ${first} to ${last}: ask within.`,
      );
    }
    if (t === first) return copy(task.space, task.y0);
    let low = 0;
    let high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((t - (steps[middle] as Step<Y>).t1) * (last - first) > 0) low = middle + 1;
      else high = middle;
    }
    const step = steps[low] as Step<Y>;
    return t === step.t1 ? copy(task.space, step.y1) : task.stepper.interpolate(step, t);
  };
}

/** Checks the times of `saveAt`. */
export function savedTimes(ts: readonly number[], t0: number, t1: number): readonly number[] {
  checkTimes(ts, 'saveAt');
  for (const t of ts) {
    if ((t - t0) * (t - t1) > 0) {
      throw new InvalidInputError(
        'saveAt',
        `saveAt holds ${t}, outside the span from ${t0} to ${t1}: ask for times within it.`,
      );
    }
  }
  if (ts.length > 1 && Math.sign((ts[1] as number) - (ts[0] as number)) !== Math.sign(t1 - t0)) {
    throw new InvalidInputError('saveAt', `saveAt runs against the solve, which goes from ${t0} to ${t1}: reverse it.`);
  }
  return ts;
}
