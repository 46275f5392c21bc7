import { odeint } from 'neural-ode';
import { field, initialState, positionCount, trueMasses } from './problem.ts';

/** Positions of the three bodies at given times. */
export interface Observations {
  readonly ts: readonly number[];
  /** Nine numbers for each time. */
  readonly positions: readonly Float64Array[];
  /** What each time counts in the loss: 0.01^t over the number of times. */
  readonly weights: readonly number[];
}

/** `count` times with equal spaces from 0 to `end`. */
export function equalTimes(end: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => (end * n) / (count - 1));
}

/** The states for given masses, close to double precision. */
export function accurateOrbits(masses: readonly number[], ts: readonly number[]): Float64Array[] {
  return odeint(field, initialState, ts, { solver: 'dop853', parameters: masses, rtol: 1e-12, atol: 1e-12 });
}

/** Observes the true system. */
export function observe(ts: readonly number[]): Observations {
  return {
    ts,
    positions: accurateOrbits(trueMasses, ts).map((y) => y.slice(0, positionCount)),
    weights: ts.map((t) => 0.01 ** t / ts.length),
  };
}

/** Mean over the times of the squared distances, summed over the three bodies; in the problem's unit of length, squared. */
export function positionError(masses: readonly number[], { ts, positions }: Observations): number {
  const found = accurateOrbits(masses, ts);
  const squares = positions.map((r, n) => r.reduce((sum, x, c) => sum + (x - (found[n]?.[c] ?? Number.NaN)) ** 2, 0));
  return squares.reduce((sum, square) => sum + square, 0) / ts.length;
}
