import {
  Accumulator,
  type Cotangents,
  type Gradient,
  type GradientTask,
  InvalidInputError,
  integrate,
  prepare,
  type Recorded,
  type Recording,
  type Routine,
  read,
  record,
  SolveError,
  type StepOptions,
  timeCotangents,
  withFirstOutput,
} from '@neural-ode/core';
import { type Augmented, augmentedField, augmentedNorm, augmentedSpace } from './augmented.ts';

/** Options of {@link adjointGradient}. */
export interface AdjointOptions {
  /** Whether the parameters' gradient is left out of the reverse solve's error norm. Default true. */
  readonly seminorm?: boolean;
  /** Bound on the reverse solve's trials between two outputs. Default 1000 and ten times those of the forward solve. */
  readonly maxReverseSteps?: number;
  /** A reconstruction error above this is warned about, with the number. Default 1e-3. */
  readonly warnAbove?: number;
}

/**
 * The adjoint method, backsolve: keeps the outputs only, and integrates (y, a, g) backwards from one output time to the
 * one before, starting each time from the stored output. The reconstructed trajectory drifts from the forward one, so the
 * gradient is not that of the forward solve; how far it drifted is in the statistics and warned about.
 *
 * Chen, Rubanova, Bettencourt & Duvenaud 2018, "Neural Ordinary Differential Equations", NeurIPS, arXiv:1806.07366,
 * algorithm 2.
 */
export function adjointGradient(options: AdjointOptions = {}): Gradient {
  return {
    name: 'adjoint',
    *record<Y, P>(task: GradientTask<Y, P>): Routine<Recording<Y, P>> {
      const recorded = yield* record(task, 'end');
      return {
        ys: recorded.ys,
        mesh: recorded.mesh,
        stats: recorded.stats,
        retained: [task.y0, ...recorded.ys],
        pullback: (cotangents) => backsolve(recorded, cotangents, options),
      };
    },
  };
}

/** The adjoint method with its defaults. */
export const adjoint: Gradient = /* @__PURE__ */ adjointGradient();

function* backsolve<Y, P>(
  recorded: Recorded<Y, P>,
  cotangents: readonly (Y | undefined)[],
  options: AdjointOptions,
): Routine<Cotangents<Y, P>> {
  const { task, prepared, ys, mesh } = recorded;
  const { space, ts } = task;
  const { parameterSpace, parameters } = task.field;
  const zSpace = augmentedSpace(space, parameterSpace);
  const { warnAbove = 1e-3 } = options;
  const { accepted, rejected } = recorded.stats;
  const { evaluations, vjps } = prepared.counts;

  const a = new Accumulator(space);
  const g = new Accumulator(parameterSpace);
  g.set(parameterSpace.zeros(parameters));
  const reverse = {
    ...reverseOptions(task, options),
    maxSteps: options.maxReverseSteps ?? 1000 + 10 * (accepted + rejected),
  };
  const field = augmentedField(prepared.field, space);
  let reconstructionError = 0;
  let firstStep: number | undefined;

  for (let n = ts.length - 1; n > 0; n--) {
    if (cotangents[n] !== undefined) a.add(cotangents[n] as Y);
    if (a.sum === undefined) continue;
    const t0 = ts[n] as number;
    const t1 = ts[n - 1] as number;
    const z0: Augmented<Y, P> = { y: ys[n] as Y, a: a.sum, g: g.sum as P };
    const problem = { field, space: zSpace, y0: z0, t0, t1 };
    const inside = (times: readonly number[]) => times.filter((t) => (t - t0) * (t - t1) < 0).reverse();
    const steps =
      prepared.stepping.kind === 'fixed'
        ? { mesh: { ts: [t0, ...inside(mesh.ts), t1] } }
        : { firstStep, stops: inside(task.options.stops ?? []), jumps: inside(task.options.jumps ?? []) };
    const start = yield* prepare(problem, { ...reverse, ...steps });
    const { ys: ends, failure, nextStep } = yield* integrate({ ...start, retain: 'end' });
    const end = ends[0] as Augmented<Y, P>;
    if (failure) {
      throw new SolveError({
        ...failure,
        message: `The adjoint's reverse solve failed: ${failure.message} Or take aca, which needs no reverse solve.`,
      });
    }
    firstStep = nextStep;

    const drift = space.combine(end.y, [-1], [ys[n - 1] as Y]);
    const size = yield* read(space.norm(ys[n - 1] as Y));
    const distance = yield* read(space.norm(drift));
    reconstructionError = Math.max(reconstructionError, size === 0 ? distance : distance / size);
    for (const state of [drift, end.y]) space.release(state);
    a.set(end.a);
    g.set(end.g);
  }
  if (reconstructionError > warnAbove) {
    task.warn(
      `The adjoint's reverse solve missed the forward trajectory by ${reconstructionError.toExponential(1)} (relative), ` +
        `so its gradient is off: tighten rtol and atol, ask for more output times, or take aca.`,
    );
  }
  return {
    ts: task.wantTimes ? timeCotangents(prepared.field, space, ts, ys, cotangents, a.sum) : undefined,
    y0: withFirstOutput(task, a.sum, cotangents),
    parameters: g.sum as P,
    stats: {
      evaluations: prepared.counts.evaluations - evaluations,
      vjps: prepared.counts.vjps - vjps,
      reconstructionError,
    },
  };
}

/** The reverse solve's options: those of the forward one, with a norm for the augmented state. */
function reverseOptions<Y, P>(
  { space, field, options }: GradientTask<Y, P>,
  { seminorm = true }: AdjointOptions,
): StepOptions<Augmented<Y, P>> {
  const { rtol = 1e-5, atol = 1e-7, solver, controller, minStep, maxStep } = options;
  if (!seminorm && (typeof rtol !== 'number' || typeof atol !== 'number')) {
    throw new InvalidInputError(
      'seminorm',
      "With a tolerance for each component the parameters' gradient has none of its own: leave seminorm on.",
    );
  }
  const norm = augmentedNorm(space, seminorm ? undefined : field.parameterSpace, { rtol, atol });
  return { solver, controller, minStep, maxStep, norm };
}
