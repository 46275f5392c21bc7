import { median } from '../command-line/median.ts';
import { table } from '../table.ts';
import type { Fit } from './fit.ts';
import type { ThreeBodyOptions } from './options.ts';
import { trueMasses } from './problem.ts';

/** Errors of the orbits with the recovered masses; see {@link errorMeaning}. */
export interface Errors {
  /** On [0, 1], where the positions were observed. */
  readonly train: number;
  /** On [0, 2]. */
  readonly test: number;
}

const errorMeaning =
  'mean over the times of the squared distances between true and recovered positions, summed over the bodies; ' +
  'both solved in double precision; in units of 5.326e12 m, squared';

/** What `result.json` holds. */
export function resultOf(options: ThreeBodyOptions, fit: Fit, errors: Errors, seconds: number): object {
  const { best, history, stats } = fit;
  return {
    options,
    masses: { true: trueMasses, recovered: best.masses, error: differences(fit) },
    loss: best.loss,
    error: { meaning: errorMeaning, ...errors },
    epochs: history.length,
    stats,
    msPerGradient: median(fit.milliseconds),
    seconds,
    history,
  };
}

/** The text at the end of the command. */
export function summary(fit: Fit, errors: Errors, seconds: number): string {
  const { best, history, stats, milliseconds } = fit;
  const error = differences(fit);
  const masses = trueMasses.map((mass, n) => [
    `mass ${n + 1}`,
    mass.toFixed(5),
    (best.masses[n] as number).toFixed(5),
    (error[n] as number).toExponential(1),
  ]);
  const { forward, backward } = stats;
  const facts = [
    ['loss', best.loss.toExponential(2)],
    ['position error on [0, 1]', errors.train.toExponential(2)],
    ['position error on [0, 2]', errors.test.toExponential(2)],
    ['gradients', String(history.length)],
    ['field evaluations', `${forward.evaluations} forward, ${backward.evaluations} backward, ${backward.vjps} vjps`],
    ['steps', `${forward.accepted} accepted, ${forward.rejected} rejected`],
    ['ms per gradient (median)', median(milliseconds).toPrecision(3)],
    ['seconds', seconds.toFixed(1)],
  ];
  const width = Math.max(...facts.map(([name]) => (name as string).length));
  return [
    table(['', 'true', 'recovered', 'error'], masses),
    '',
    ...facts.map(([name, value]) => `${(name as string).padEnd(width)}  ${value}`),
    '',
    'Position error: mean over the times of |dr|^2, summed over the bodies, in units of 5.326e12 m.',
  ].join('\n');
}

function differences({ best }: Fit): number[] {
  return best.masses.map((mass, n) => mass - (trueMasses[n] as number));
}
