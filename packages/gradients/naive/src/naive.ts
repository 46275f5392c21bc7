import {
  type Cotangents,
  type Gradient,
  type GradientTask,
  type Recorded,
  type Recording,
  type Routine,
  record,
  replayCotangents,
} from '@neural-ode/core';
import { searchCotangents } from './search-cotangents.ts';

/** Options of {@link naiveGradient}. */
export interface NaiveOptions {
  /**
   * Whether the search for the step sizes is differentiated, rejected trials included. Default true. Without it the
   * sizes count as given, and the gradient is that of {@link https://arxiv.org/abs/2006.02493 ACA}, without its
   * recomputation and at the memory of all stages.
   */
  readonly throughStepSize?: boolean;
}

/**
 * Differentiates what the solver did, all stages of all steps being kept. The size of the first trial counts as given.
 * With fixed steps there is no search, and both variants are the same.
 *
 * The naive method of Zhuang et al. 2020, arXiv:2006.02493, section 3.1.
 */
export function naiveGradient(options: NaiveOptions = {}): Gradient {
  const { throughStepSize = true } = options;
  return {
    name: throughStepSize ? 'naive' : 'direct',
    *record<Y, P>(task: GradientTask<Y, P>): Routine<Recording<Y, P>> {
      const recorded = yield* record(task, throughStepSize ? 'trials' : 'steps');
      const { stepper } = recorded.prepared;
      const retained = new Set(recorded.trials.flatMap(({ step }) => [...stepper.states(step)]));
      for (const y of [task.y0, ...recorded.ys]) retained.add(y);
      return {
        ys: recorded.ys,
        mesh: recorded.mesh,
        stats: recorded.stats,
        retained: [...retained],
        pullback: (cotangents) => walkBack(recorded, throughStepSize, cotangents),
      };
    },
  };
}

// biome-ignore lint/correctness/useYield: nothing here waits for a number
function* walkBack<Y, P>(
  recorded: Recorded<Y, P>,
  throughStepSize: boolean,
  cotangents: readonly (Y | undefined)[],
): Routine<Cotangents<Y, P>> {
  const { stepping } = recorded.prepared;
  const search = throughStepSize && stepping.kind === 'adaptive';
  return search ? searchCotangents(recorded, stepping, cotangents) : stepCotangents(recorded, cotangents);
}

function stepCotangents<Y, P>(recorded: Recorded<Y, P>, cotangents: readonly (Y | undefined)[]): Cotangents<Y, P> {
  const accepted = recorded.trials.filter((trial) => trial.accepted);
  return replayCotangents(
    recorded,
    cotangents,
    (n) => (accepted[n] as (typeof accepted)[number]).step,
    () => {},
  );
}

/** Differentiates the step-size search too. */
export const naive: Gradient = /* @__PURE__ */ naiveGradient();

/** Differentiates the steps, their sizes taken as given. */
export const direct: Gradient = /* @__PURE__ */ naiveGradient({ throughStepSize: false });
