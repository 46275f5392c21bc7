import type { AdaptiveController, Memory } from './controller.ts';
import type { Failure } from './errors.ts';
import { describeFailure } from './failure.ts';
import { copy, observe } from './observe.ts';
import type { Routine } from './routine.ts';
import type { Carry, Step, Stepper } from './solver.ts';
import { finiteness, releaseAll, type Space } from './space.ts';

/** Where the loop gets its steps from. */
export type Stepping = AdaptiveStepping | FixedStepping;

/** Steps searched for under error control. */
export interface AdaptiveStepping {
  readonly kind: 'adaptive';
  readonly controller: AdaptiveController;
  /** Order of the error estimate. */
  readonly errorOrder: number;
  /** Magnitude of the first trial. */
  readonly firstStep: number;
  /** Largest and smallest magnitude of a step; the steps that end at a stop may be smaller. */
  readonly maxStep: number;
  readonly minStep: number;
  /** Times that a step must end at, in the direction of time, the end of the span last. */
  readonly stops: readonly number[];
}

/** Steps known beforehand. */
export interface FixedStepping {
  readonly kind: 'fixed';
  /** The step ends, the start included. */
  readonly ts: readonly number[];
}

/** One trial of the step-size search, with what is needed to differentiate the search. */
export interface Trial<Y> {
  readonly step: Step<Y>;
  readonly accepted: boolean;
  /** The norm as read, and the controller's memory before the trial. */
  readonly errorNorm: number;
  readonly memory: Memory;
  /** How the size came about: chosen by the controller, cut off at a stop, or held at `maxStep`. */
  readonly sizedBy: 'controller' | 'stop' | 'limit';
  /** Whether the next trial goes on with the size from before the cut, as the larger one. */
  readonly resumes: boolean;
}

/** A span to integrate over. */
export interface Task<Y, P> {
  readonly stepper: Stepper<Y, P>;
  readonly space: Space<Y>;
  readonly t0: number;
  readonly y0: Y;
  readonly stepping: Stepping;
  /** The slope at t0, where it is known; the loop takes it over. */
  readonly carry?: Carry<Y> | undefined;
  /** Bound on the number of trials. */
  readonly maxSteps: number;
  /**
   * What stays alive: the end state only, the states at all step ends, all states of the accepted steps, or all states
   * of all trials. The rest is released as soon as the loop no longer needs it.
   */
  readonly retain: 'end' | 'states' | 'steps' | 'trials';
  /** Whether the accepted steps will be walked back: a stepper may keep more of them than `retain` says. Default false. */
  readonly differentiated?: boolean | undefined;
  /** Times whose states are wanted, strictly monotonic in the direction of time; the first is t0. Default none. */
  readonly outputs?: readonly number[] | undefined;
}

/** Where the loop stands between two trials. */
export interface Progress<Y> {
  readonly t: number;
  readonly y: Y;
  readonly carry: Carry<Y> | undefined;
  readonly memory: Memory;
  /** Magnitude that the controller proposes for the next trial. */
  readonly size: number;
  /** Index of the stop, or of the fixed step's end, that comes next. */
  readonly nextStop: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Index of the output that comes next. */
  readonly nextOutput: number;
}

/** What a stepper did of the loop on its own; see {@link Stepper.advance}. */
export interface Advance<Y> extends Progress<Y> {
  /** Ends of the accepted steps, and the states there; only the last state with `retain: 'end'`. */
  readonly ts: readonly number[];
  readonly ys: readonly Y[];
  /** The states at the outputs passed. */
  readonly outputs: readonly Y[];
}

/** What a stepper did of one solve among many; see {@link Stepper.advanceAll}. */
export interface SampleAdvance<Y> {
  /** Step ends, the start included. */
  readonly ts: readonly number[];
  /** The states at the task's outputs, but for the first, which is the start. */
  readonly outputs: readonly Y[];
  readonly evaluations: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** What the loop found. The caller owns its states, `y0` excepted. */
export interface Outcome<Y> {
  /** Step ends, the start included. */
  readonly ts: readonly number[];
  /** States at `ts`; with `retain: 'end'` only the last. */
  readonly ys: readonly Y[];
  /** States at the outputs that were reached, y0 as a copy: the step's own at its end, its dense output within. */
  readonly outputs: readonly Y[];
  /** In order: the accepted trials with `retain: 'steps'`, all with `'trials'`, else none. */
  readonly trials: readonly Trial<Y>[];
  readonly accepted: number;
  readonly rejected: number;
  /** Magnitude that the controller proposes for a step from the end on; 0 with fixed steps. */
  readonly nextStep: number;
  /** Absent when the end was reached. */
  readonly failure?: Failure | undefined;
}

/** A stop at most this share of a step beyond its end is taken with it, so that no sliver of a step remains. */
export const slack: number = 1e-9;

/** Steps under this share of t are mostly round-off of t: ten times the spacing of doubles. */
export const resolution: number = 10 * 2 ** -52;

/** The integrate loop. Steps are intervals, so that stops are hit exactly; t and h are doubles whatever the state. */
export function* integrate<Y, P>(task: Task<Y, P>): Routine<Outcome<Y>> {
  const { stepper, space, stepping, retain } = task;
  const adaptive = stepping.kind === 'adaptive' ? stepping : undefined;
  const stops = stepping.kind === 'adaptive' ? stepping.stops : stepping.ts.slice(1);
  const end = stops.at(-1) ?? task.t0;
  const direction = Math.sign(end - task.t0);

  let ts = [task.t0];
  let ys = [task.y0];
  const wanted = task.outputs ?? [];
  let outputs: Y[] = wanted.length > 0 ? [copy(space, task.y0)] : [];
  const trials: Trial<Y>[] = [];
  let t = task.t0;
  let y = task.y0;
  let carry = task.carry;
  let memory = adaptive?.controller.start() ?? [];
  let size = adaptive?.firstStep ?? 0;
  let nextStop = 0;
  let accepted = 0;
  let rejected = 0;
  let errorNorm = 0;
  let failure: Failure | undefined;

  while (t !== end) {
    const nextOutput = outputs.length;
    const ahead = stepper.advance?.(task, { t, y, carry, memory, size, nextStop, accepted, rejected, nextOutput });
    if (ahead) {
      if (retain === 'end' && y !== task.y0) space.release(y);
      ({ t, y, carry, memory, size, nextStop, accepted, rejected } = ahead);
      ts = joined(ts, ahead.ts);
      outputs = joined(outputs, ahead.outputs);
      if (retain === 'end') ys[0] = y;
      else ys = joined(ys, ahead.ys);
      // Its trials were all finite.
      errorNorm = 0;
      if (t === end) break;
    }
    let t1 = stops[nextStop] as number;
    let sizedBy: Trial<Y>['sizedBy'] = 'stop';
    if (adaptive) {
      const limited = Math.min(size, adaptive.maxStep);
      if (Math.abs(t1 - t) > limited * (1 + slack)) {
        t1 = t + direction * limited;
        sizedBy = limited === size ? 'controller' : 'limit';
        if (limited < adaptive.minStep || limited <= resolution * Math.abs(t)) {
          const status = Number.isFinite(errorNorm) ? 'step-too-small' : 'non-finite';
          failure = describeFailure(status, t, direction * limited, { minStep: adaptive.minStep });
          break;
        }
      }
    }
    if (accepted + rejected >= task.maxSteps) {
      failure = describeFailure('max-steps', t, t1 - t, { limit: task.maxSteps, end });
      break;
    }

    const step = stepper.step(t, t1, y, carry);
    const reading = step.errorNorm ?? finiteness(space, step.y1);
    // Not by `read`: a generator for every step would cost more than a small compiled step does.
    errorNorm = typeof reading === 'number' ? reading : yield reading;
    const decision = adaptive?.controller.decide(errorNorm, memory, adaptive.errorOrder);
    const good = decision ? decision.accepted : Number.isFinite(errorNorm);
    const kept = retain === 'trials' || (retain === 'steps' && good);
    const proposed = Math.abs(t1 - t) * (decision?.factor ?? 0);
    const resumes = good && sizedBy === 'stop' && size > proposed;
    if (kept) trials.push({ step, accepted: good, errorNorm, memory, sizedBy, resumes });

    if (good) {
      accepted++;
      observe(stepper, space, step, wanted, outputs);
      carry = step.carryOut;
      if (!kept) releaseAll(space, stepper.states(step), step.y1, carry?.slope);
      if (retain === 'end' && y !== task.y0) space.release(y);
      t = t1;
      y = step.y1;
      ts.push(t);
      if (retain === 'end') ys[0] = y;
      else ys.push(y);
      if (t === stops[nextStop]) nextStop++;
    } else {
      rejected++;
      carry = step.carryIn;
      const stage = Number.isFinite(errorNorm) ? undefined : yield* stepper.firstBadStage(step);
      if (!kept) releaseAll(space, stepper.states(step), carry?.slope);
      // No smaller step helps where the first slope is not finite, nor where the sizes are fixed.
      if (!decision || stage === 1) {
        failure = describeFailure('non-finite', t, t1 - t, { stage });
        break;
      }
    }
    if (decision) {
      memory = decision.memory;
      if (!resumes) size = proposed;
    }
  }
  const last = trials.at(-1);
  if (carry && !(last && stepper.states(last.step).includes(carry.slope))) space.release(carry.slope);
  return { ts, ys, outputs, trials, accepted, rejected, nextStep: size, failure };
}

/** A list, which is not used again, with more behind it. A short one is copied, since growing it would allocate thrice. */
function joined<T>(list: T[], more: readonly T[]): T[] {
  if (list.length < more.length) return list.concat(more);
  for (const one of more) list.push(one);
  return list;
}
