import type { Carry, Solver, Step, Trace } from '@neural-ode/core';

/** A solver that only pretends, for exact counts in tests of the loop. */
export interface StubSolver extends Solver {
  /** The trials made so far, as [t0, t1]. */
  readonly trials: (readonly [number, number])[];
}

/**
 * A solver whose state at any time is f(t, y) itself: with the field f(t, y) = t every state tells its time.
 *
 * @param errorNorm the error norm of a trial; without it the solver has no error estimate
 */
export function stubSolver(
  errorNorm?: (t0: number, t1: number) => number,
  { order = 3, errorOrder = 2 }: { readonly order?: number; readonly errorOrder?: number } = {},
): StubSolver {
  const trials: (readonly [number, number])[] = [];
  return {
    name: 'stub',
    order,
    ...(errorNorm ? { errorOrder } : {}),
    trials,
    bind(field, space) {
      type Y = Parameters<typeof space.release>[0];
      return {
        start: (t0, y0) => ({ slope: field.evaluate(t0, y0) }),
        step(t0, t1, y0, carry): Step<Y> {
          trials.push([t0, t1]);
          const carried: { carryIn?: Carry<Y>; carryOut?: Carry<Y> } = carry ? { carryIn: carry, carryOut: carry } : {};
          return { t0, t1, y0, y1: field.evaluate(t1, y0), errorNorm: errorNorm?.(t0, t1), ...carried };
        },
        revisit: (t0, t1, y0) => ({ t0, t1, y0 }),
        interpolate: (step, t) => field.evaluate(t, step.y0),
        vjp() {
          throw new Error('A stub has no vjp.');
        },
        states: (step: Trace<Y>) => [(step as Step<Y>).y1],
        // biome-ignore lint/correctness/useYield: nothing here waits for a number
        *firstBadStage() {
          return undefined;
        },
      };
    },
  };
}

/** The error norms of a method of error order q that can take steps of size `h` and no larger. */
export function limitedTo(h: number, errorOrder = 2): (t0: number, t1: number) => number {
  return (t0, t1) => (Math.abs(t1 - t0) / h) ** (errorOrder + 1);
}
