import type { Field } from './field.ts';
import type { Stepper, Trace } from './solver.ts';
import type { Space } from './space.ts';

/** Accepted steps that can be walked from the last to the first. */
export interface Steps<Y, P> {
  readonly stepper: Stepper<Y, P>;
  readonly space: Space<Y>;
  /** Step ends, the start included. */
  readonly ts: readonly number[];
  /** Step n, from ts[n] to ts[n + 1]. */
  trace(n: number): Trace<Y>;
  /** Called when step n has been differentiated. */
  done(trace: Trace<Y>): void;
}

/**
 * Walks the steps backwards, from the cotangents of the outputs to those of y0 and the parameters: the gradient of a
 * replay of the steps. Outputs are those of the loop. Release of the result is the caller's.
 *
 * @param ts output times; the first is the start of the steps and is left to the caller
 * @param cotangents of the outputs at `ts`, absent for zero
 */
export function pullbackSteps<Y, P>(
  steps: Steps<Y, P>,
  field: Field<Y, P>,
  ts: readonly number[],
  cotangents: readonly (Y | undefined)[],
): { y0: Y | undefined; parameters: P } {
  const { space, stepper } = steps;
  const gradient = new Accumulator(field.parameterSpace);
  const state = new Accumulator(space);
  const direction = Math.sign((ts.at(-1) as number) - (ts[0] as number));
  let output = ts.length - 1;

  for (let n = steps.ts.length - 2; n >= 0; n--) {
    const start = steps.ts[n] as number;
    const end = steps.ts[n + 1] as number;
    const inside: { t: number; cotangent: Y }[] = [];
    for (; output > 0 && ((ts[output] as number) - start) * direction > 0; output--) {
      const t = ts[output] as number;
      const cotangent = cotangents[output];
      if (cotangent === undefined) continue;
      if (t === end) state.add(cotangent);
      else inside.push({ t, cotangent });
    }
    if (state.sum === undefined && inside.length === 0) continue;
    const trace = steps.trace(n);
    const back = stepper.vjp(trace, { y1: state.sum, outputs: inside });
    state.set(back.y0);
    gradient.take(back.parameters);
    steps.done(trace);
  }
  return {
    y0: state.sum,
    parameters: gradient.sum ?? field.parameterSpace.zeros(field.parameters),
  };
}

/** A running sum of states, which it owns. */
export class Accumulator<Y> {
  readonly #space: Space<Y>;
  #sum: Y | undefined;

  constructor(space: Space<Y>) {
    this.#space = space;
  }

  /** Absent while nothing was added. */
  get sum(): Y | undefined {
    return this.#sum;
  }

  /** Adds a state that stays the caller's. */
  add(y: Y): void {
    this.set(this.#sum === undefined ? this.#space.combine(y, [], []) : this.#space.combine(this.#sum, [1], [y]));
  }

  /** Adds a state and takes it over. */
  take(y: Y): void {
    if (this.#sum === undefined) {
      this.#sum = y;
      return;
    }
    this.set(this.#space.combine(this.#sum, [1], [y]));
    this.#space.release(y);
  }

  /** Replaces the sum by a state and takes it over. */
  set(y: Y): void {
    if (this.#sum !== undefined) this.#space.release(this.#sum);
    this.#sum = y;
  }
}

/**
 * Cotangents of the output times by the boundary formulas: g_i . f(t_i, y_i) for an output with cotangent g_i, and
 * -a(t0) . f(t0, y0) for the start, a(t0) being the cotangent that arrives there from later outputs. They hold for the
 * exact solution, so they do not depend on the number of steps.
 *
 * @param ys the states at `ts`
 * @param arriving a(t0), absent for zero
 */
export function timeCotangents<Y, P>(
  field: Field<Y, P>,
  space: Space<Y>,
  ts: readonly number[],
  ys: readonly Y[],
  cotangents: readonly (Y | undefined)[],
  arriving: Y | undefined,
): number[] {
  return ts.map((t, n) => {
    const cotangent = n === 0 ? arriving : cotangents[n];
    if (cotangent === undefined) return 0;
    const slope = field.evaluate(t, ys[n] as Y);
    const value = space.dot(cotangent, slope);
    space.release(slope);
    return n === 0 ? -value : value;
  });
}
