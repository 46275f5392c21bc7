import type { Step, Stepper } from './solver.ts';
import type { Space } from './space.ts';

/**
 * Fills `ys` with the states at `ts` while a solve runs: pass the function returned as the loop's `onAccept`. A time that
 * is a step's end gets the step's state, one within a step its dense output. The caller owns the states.
 *
 * @param ts strictly monotonic in the direction of the solve, the first being its start
 */
export function observe<Y, P>(
  stepper: Stepper<Y, P>,
  space: Space<Y>,
  y0: Y,
  ts: readonly number[],
  ys: Y[],
): (step: Step<Y>) => void {
  ys.push(copy(space, y0));
  return (step) => {
    const direction = Math.sign(step.t1 - step.t0);
    for (let t = ts[ys.length]; t !== undefined; t = ts[ys.length]) {
      if ((t - step.t1) * direction > 0) break;
      ys.push(t === step.t1 ? copy(space, step.y1) : stepper.interpolate(step, t));
    }
  };
}

/** A copy that the caller owns. */
export function copy<Y>(space: Space<Y>, y: Y): Y {
  return space.combine(y, [], []);
}
