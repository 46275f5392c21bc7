import type { Step, Stepper } from './solver.ts';
import type { Space } from './space.ts';

/**
 * Adds the states at those of the output times that an accepted step reaches: at a time that is its end the step's state,
 * at one within it the dense output. The caller owns the states.
 *
 * @param ts strictly monotonic in the direction of the solve
 * @param outputs the states at the first of `ts`, up to the step's start
 */
export function observe<Y, P>(
  stepper: Stepper<Y, P>,
  space: Space<Y>,
  step: Step<Y>,
  ts: readonly number[],
  outputs: Y[],
): void {
  const direction = Math.sign(step.t1 - step.t0);
  for (let t = ts[outputs.length]; t !== undefined; t = ts[outputs.length]) {
    if ((t - step.t1) * direction > 0) break;
    outputs.push(t === step.t1 ? copy(space, step.y1) : stepper.interpolate(step, t));
  }
}

/** A copy that the caller owns. */
export function copy<Y>(space: Space<Y>, y: Y): Y {
  return space.combine(y, [], []);
}
