import { type BackwardStats, type Gradient, NeuralOdeError, SolveError, type Solver, type Stats } from 'neural-ode';
import { median } from './command-line/median.ts';
import { type PlainField, solvePlain } from './plain-field.ts';
import { vanDerPol } from './van-der-pol.ts';

/** What a gradient is worth, and what it took. */
export interface Measurement {
  /** Relative error of the gradient; null when the strategy failed. */
  readonly error: number | null;
  /** Absent when the strategy failed. */
  readonly cost?: {
    readonly forward: Stats;
    readonly backward: BackwardStats;
    /** States kept for the way back. */
    readonly retained: number;
    /** Median of the runs. */
    readonly ms: number;
  };
  /** Why it failed, or how far to trust it; in a few words. */
  readonly note: string;
  /** The failure in full. */
  readonly failure?: string;
}

/** The gradient of the loss with respect to (y0, mu), to about twelve digits. */
export function goldenGradient(solver: Solver, gradient: Gradient): number[] {
  return differentiate(vanDerPol, gradient, solver, 1e-13).gradient;
}

/** Measures one strategy at one tolerance; a failing solve is a measurement too. */
export function measure(
  field: PlainField,
  gradient: Gradient,
  solver: Solver,
  tolerance: number,
  golden: readonly number[],
): Measurement {
  try {
    const runs = [differentiate(field, gradient, solver, tolerance)];
    const end = performance.now() + 100;
    while (runs.length < 3 || (runs.length < 15 && performance.now() < end)) {
      runs.push(differentiate(field, gradient, solver, tolerance));
    }
    const { gradient: found, ms: _, note, ...cost } = runs[0] as Run;
    const error = Math.hypot(...found.map((value, n) => value - (golden[n] as number))) / Math.hypot(...golden);
    return { error, cost: { ...cost, ms: median(runs.map((run) => run.ms)) }, note };
  } catch (failure) {
    if (!(failure instanceof NeuralOdeError)) throw failure;
    const where =
      failure instanceof SolveError &&
      `${failure.status} at t = ${failure.t.toPrecision(4)} (h = ${failure.h.toExponential(1)})`;
    return { error: null, note: where || failure.message, failure: failure.message };
  }
}

interface Run {
  readonly gradient: number[];
  readonly forward: Stats;
  readonly backward: BackwardStats;
  readonly retained: number;
  readonly ms: number;
  readonly note: string;
}

/** One gradient. */
function differentiate(field: PlainField, strategy: Gradient, solver: Solver, tolerance: number): Run {
  const { y0, ts, parameters } = vanDerPol;
  const notes: string[] = [];
  let retained = 0;
  // The strategy itself knows how many states it keeps; gradients of the times are not wanted here.
  const gradient: Gradient = {
    name: strategy.name,
    *record(task) {
      const recording = yield* strategy.record({ ...task, wantTimes: false });
      retained = recording.retained.length;
      return recording;
    },
  };
  const start = performance.now();
  const { ys, stats, pullback } = solvePlain(field, y0, ts, {
    solver,
    gradient,
    parameters,
    rtol: tolerance,
    atol: tolerance,
    warn: (message) => notes.push(message),
  });
  const back = pullback([undefined, ys[1]?.map((value) => 2 * value)]);
  const ms = performance.now() - start;
  if (back.stats.reconstructionError !== undefined) {
    notes.unshift(`reconstruction error ${back.stats.reconstructionError.toExponential(1)}`);
  }
  return {
    gradient: [...back.y0, ...back.parameters],
    forward: stats,
    backward: back.stats,
    retained,
    ms,
    note: notes[0] ?? '',
  };
}
