import { breathe, type Io } from '../command-line/io.ts';
import type { Evaluation, Objective } from './objective.ts';

/** One gradient step of the fit: the loss before it, and the masses that have that loss. */
export interface Epoch {
  /** From 1 on, as is the epoch. */
  readonly start: number;
  readonly epoch: number;
  readonly loss: number;
  readonly masses: readonly number[];
}

/** A finished fit. */
export interface Fit {
  /** The epoch of least loss. */
  readonly best: Epoch;
  readonly history: readonly Epoch[];
  /** Sums over all epochs. */
  readonly stats: {
    readonly forward: { readonly evaluations: number; readonly accepted: number; readonly rejected: number };
    readonly backward: { readonly evaluations: number; readonly vjps: number };
  };
  /** Time of each gradient, forward and backward. */
  readonly milliseconds: readonly number[];
}

/** When a start counts as caught in a local minimum: its least loss, relative to its first one, after so many epochs. */
export const caught = { epochs: 30, above: 0.01 };

/** Adam's settings in Zhuang et al. 2020: the rate falls by a twentieth each epoch. */
const adam = { rate: 0.1, decay: 0.95, beta1: 0.5, beta2: 0.5, epsilon: 1e-8 };

/**
 * Fits the masses. The loss has local minima, since the bodies pass each other closely; a start that is caught in one is
 * given up for the next.
 *
 * @param draw the masses to start from, called once for each start
 */
export async function fit(
  objective: Objective,
  draw: () => readonly number[],
  limits: { readonly epochs: number; readonly starts: number },
  io: Io,
  onEpoch: (epoch: Epoch) => void,
): Promise<Fit> {
  const history: Epoch[] = [];
  const milliseconds: number[] = [];
  const evaluations: Evaluation[] = [];
  const evaluate = (masses: readonly number[]) => {
    const before = performance.now();
    const evaluation = objective.evaluate(masses);
    milliseconds.push(performance.now() - before);
    evaluations.push(evaluation);
    return evaluation;
  };

  for (let start = 1; start <= limits.starts; start++) {
    const losses: number[] = [];
    const step = adamSteps(draw());
    for (let epoch = 1; epoch <= limits.epochs && !isCaught(losses); epoch++) {
      await breathe(io);
      const { masses, loss } = step(evaluate);
      losses.push(loss);
      history.push({ start, epoch, loss, masses });
      onEpoch(history.at(-1) as Epoch);
    }
    if (!isCaught(losses)) break;
  }
  return { best: leastLoss(history), history, stats: total(evaluations), milliseconds };
}

function isCaught(losses: readonly number[]): boolean {
  return losses.length >= caught.epochs && !(Math.min(...losses) <= caught.above * (losses[0] as number));
}

/** Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), one gradient at a call. */
function adamSteps(start: readonly number[]) {
  let masses = start;
  let mean = start.map(() => 0);
  let square = start.map(() => 0);
  let count = 0;
  return (evaluate: (masses: readonly number[]) => Evaluation): { loss: number; masses: readonly number[] } => {
    const { loss, gradient } = evaluate(masses);
    const before = { loss, masses };
    const { beta1, beta2, epsilon } = adam;
    const rate = adam.rate * adam.decay ** count++;
    mean = mean.map((m, n) => beta1 * m + (1 - beta1) * (gradient[n] as number));
    square = square.map((s, n) => beta2 * s + (1 - beta2) * (gradient[n] as number) ** 2);
    masses = masses.map((mass, n) => {
      const m = (mean[n] as number) / (1 - beta1 ** count);
      const s = (square[n] as number) / (1 - beta2 ** count);
      return mass - (rate * m) / (Math.sqrt(s) + epsilon);
    });
    return before;
  };
}

function leastLoss(history: readonly Epoch[]): Epoch {
  return history.reduce((best, epoch) => (epoch.loss < best.loss ? epoch : best));
}

function total(evaluations: readonly Evaluation[]): Fit['stats'] {
  const sum = (count: (evaluation: Evaluation) => number) => evaluations.reduce((all, one) => all + count(one), 0);
  return {
    forward: {
      evaluations: sum(({ forward }) => forward.evaluations),
      accepted: sum(({ forward }) => forward.accepted),
      rejected: sum(({ forward }) => forward.rejected),
    },
    backward: {
      evaluations: sum(({ backward }) => backward.evaluations),
      vjps: sum(({ backward }) => backward.vjps),
    },
  };
}
