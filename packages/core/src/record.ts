import { SolveError } from './errors.ts';
import type { Cotangents, GradientTask, Recording } from './gradient.ts';
import { integrate, type Outcome, type Task } from './integrate.ts';
import { type Prepared, prepare } from './prepare.ts';
import { Accumulator, pullbackSteps, timeCotangents } from './pullback.ts';
import type { Routine } from './routine.ts';
import type { Trace } from './solver.ts';
import { releaseAll } from './space.ts';

/** A finished forward solve, from which a strategy makes its recording. */
export interface Recorded<Y, P> extends Pick<Recording<Y, P>, 'ys' | 'mesh' | 'stats'>, Pick<Outcome<Y>, 'trials'> {
  readonly task: GradientTask<Y, P>;
  readonly prepared: Prepared<Y, P>;
}

/**
 * Solves a gradient task forwards.
 *
 * @param retain what is kept besides the outputs; see {@link Task}
 * @throws SolveError when the end is not reached; nothing is kept then
 */
export function* record<Y, P>(task: GradientTask<Y, P>, retain: Task<Y, P>['retain']): Routine<Recorded<Y, P>> {
  const { field, space, y0, ts, options } = task;
  const span = { t0: ts[0] as number, t1: ts.at(-1) as number };
  const prepared = yield* prepare({ field, space, y0, ...span }, options);
  const outcome = yield* integrate({ retain, differentiated: true, outputs: ts, ...prepared });
  const { outputs: ys, trials, accepted, rejected, failure } = outcome;
  if (failure || retain === 'end') releaseAll(space, outcome.ys, y0);
  if (failure) {
    releaseAll(space, ys);
    for (const trial of trials) releaseAll(space, prepared.stepper.states(trial.step), y0);
    throw new SolveError(failure);
  }
  return {
    task,
    prepared,
    ys,
    trials,
    mesh: { ts: outcome.ts, ...(retain === 'end' ? {} : { ys: outcome.ys }) },
    stats: { evaluations: prepared.counts.evaluations, accepted, rejected },
  };
}

/**
 * Cotangents of a recorded solve, its steps taken as given: the gradient of a replay.
 *
 * @param trace step n of the mesh, to be differentiated
 * @param done called with it afterwards
 */
export function replayCotangents<Y, P>(
  recorded: Recorded<Y, P>,
  cotangents: readonly (Y | undefined)[],
  trace: (n: number) => Trace<Y>,
  done: (trace: Trace<Y>) => void,
): Cotangents<Y, P> {
  const { task, prepared, mesh, ys } = recorded;
  const { field, stepper } = prepared;
  const count = countFrom(prepared);
  const steps = { stepper, space: task.space, ts: mesh.ts, trace, done };
  const back =
    (mesh.ys && stepper.pullback?.(mesh.ts, mesh.ys, task.ts, cotangents)) ??
    pullbackSteps(steps, field, task.ts, cotangents);
  const ts = task.wantTimes ? timeCotangents(field, task.space, task.ts, ys, cotangents, back.y0) : undefined;
  return {
    y0: withFirstOutput(task, back.y0, cotangents),
    parameters: back.parameters,
    ts,
    stats: count(),
  };
}

/** The cotangent of y0: what arrives from later outputs, which is taken over, and that of the first output, y0 itself. */
export function withFirstOutput<Y, P>(
  { space, y0 }: GradientTask<Y, P>,
  arriving: Y | undefined,
  cotangents: readonly (Y | undefined)[],
): Y {
  const sum = new Accumulator(space);
  if (arriving !== undefined) sum.take(arriving);
  if (cotangents[0] !== undefined) sum.add(cotangents[0]);
  return sum.sum ?? space.zeros(y0);
}

/** Starts counting the field's use; the function returned tells it. */
export function countFrom<Y, P>({ counts }: Prepared<Y, P>): () => { evaluations: number; vjps: number } {
  const { evaluations, vjps } = counts;
  return () => ({ evaluations: counts.evaluations - evaluations, vjps: counts.vjps - vjps });
}
