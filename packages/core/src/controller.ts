import { InvalidInputError } from './errors.ts';
import { power } from './power.ts';

/** What an adaptive controller remembers between trials: plain numbers, so that it can be differentiated. */
export type Memory = readonly number[];

/** A verdict on one trial step. */
export interface Decision {
  readonly accepted: boolean;
  /** The next trial's size over this one's. */
  readonly factor: number;
  readonly memory: Memory;
}

/** Turns error norms into step sizes. */
export interface AdaptiveController {
  readonly kind: 'adaptive';
  readonly name: string;
  /** The numbers of its rule, where it is {@link pidController}'s, for a loop that is compiled. */
  readonly rule?: PidRule;
  start(): Memory;
  /**
   * @param errorNorm scaled error of the trial; not finite counts as infinitely large
   * @param errorOrder order q of the error estimate
   */
  decide(errorNorm: number, memory: Memory, errorOrder: number): Decision;
  /**
   * The vector-Jacobian product of `decide`; being accepted is no differentiable output, and a factor held at a limit
   * has derivative zero.
   */
  vjp(
    errorNorm: number,
    memory: Memory,
    errorOrder: number,
    cotangent: { readonly factor: number; readonly memory: Memory },
  ): { errorNorm: number; memory: Memory };
}

/**
 * The rule of {@link pidController}: after an accepted trial the factor is safety times the product of errors[n] to the power
 * -gains[n] / (q + 1), an exponent of zero left out; after a rejected one safety / errorNorm^(1 / (q + 1)).
 */
export interface PidRule {
  readonly gains: readonly [number, number, number];
  readonly safety: number;
  readonly minFactor: number;
  readonly maxFactor: number;
  /** A remembered error norm is at least this. */
  readonly leastError: number;
}

/** Steps of one size. */
export interface ConstantController {
  readonly kind: 'constant';
  readonly name: 'constant';
  /** Size of every step but the last, which ends at the end of the span; positive in either direction of time. */
  readonly stepSize: number;
}

export type Controller = AdaptiveController | ConstantController;

/** Fixed steps of size `stepSize` > 0, the last one shortened to land on the end. */
export function constantController(stepSize: number): ConstantController {
  if (!(stepSize > 0 && Number.isFinite(stepSize))) {
    throw new InvalidInputError(
      'stepSize',
      `stepSize is ${stepSize}: give a positive, finite size (time may still run backwards).`,
    );
  }
  return { kind: 'constant', name: 'constant', stepSize };
}

/** Options of {@link pidController}. */
export interface PidOptions {
  /** Gains, from which the exponents of the last three error norms follow. Default H312PID: -2/9, 2/9, 1/18. */
  readonly p?: number;
  readonly i?: number;
  readonly d?: number;
  /** Share of the step that the error would allow. Default 0.9. */
  readonly safety?: number;
  /** Smallest factor by which a step shrinks. Default 0.2. */
  readonly minFactor?: number;
  /** Largest factor by which a step grows. Default 10. */
  readonly maxFactor?: number;
  readonly name?: string;
}

/**
 * A remembered error norm is at least this, so that one exact step does not forbid the next to grow (Hairer, Norsett &
 * Wanner 1993, the code DOPRI5).
 */
const leastError = 1e-4;

/**
 * factor = safety d_n^b1 d_{n-1}^b2 d_{n-2}^b3 with d = 1 / errorNorm, b1 = (p + i + d) / k, b2 = -(p + 2 d) / k,
 * b3 = d / k, k = q + 1, within [minFactor, maxFactor]; at most 1 right after a rejection. A trial is accepted when its
 * error norm is at most 1; a rejected one shrinks by safety / errorNorm^(1/k).
 *
 * Söderlind 2003, "Digital filters in adaptive time-stepping", ACM TOMS 29(1), doi:10.1145/641876.641877.
 */
export function pidController(options: PidOptions = {}): AdaptiveController {
  const { p = -2 / 9, i = 2 / 9, d = 1 / 18, name = 'pid' } = options;
  const { safety = 0.9, minFactor = 0.2, maxFactor = 10 } = options;
  const gains = [p + i + d, -(p + 2 * d), d] as const;
  const onlyLast = [1, 0, 0] as const;
  for (const [input, value] of Object.entries({ p, i, d })) {
    if (!Number.isFinite(value))
      throw new InvalidInputError(input, `The gain ${input} is ${value}: give a finite number.`);
  }
  if (!(safety > 0 && safety <= 1 && minFactor > 0 && minFactor < 1 && maxFactor > 1)) {
    throw new InvalidInputError(
      'controller',
      `The limits safety ${safety}, minFactor ${minFactor}, maxFactor ${maxFactor} are unusable: ` +
        'give 0 < safety <= 1, 0 < minFactor < 1 < maxFactor.',
    );
  }

  /** The factor before its limits; memory: the error norms of the last two accepted steps, whether the last was rejected. */
  const raw = (errorNorm: number, memory: Memory, k: number): number => {
    if (!(errorNorm <= 1)) return safety * power(errorNorm, -1 / k);
    let factor = safety * power(errorNorm, -gains[0] / k);
    if (gains[1] !== 0) factor *= power(memory[0] as number, -gains[1] / k);
    if (gains[2] !== 0) factor *= power(memory[1] as number, -gains[2] / k);
    return factor;
  };
  const limited = (factor: number, accepted: boolean, memory: Memory): number => {
    const upper = accepted && memory[2] !== 1 ? maxFactor : 1;
    return Number.isNaN(factor) ? minFactor : Math.min(upper, Math.max(minFactor, factor));
  };

  const controller: AdaptiveController = {
    kind: 'adaptive',
    name,
    start: () => [1, 1, 0],
    decide(errorNorm, memory, errorOrder) {
      const accepted = errorNorm <= 1;
      const factor = limited(raw(errorNorm, memory, errorOrder + 1), accepted, memory);
      const next = accepted
        ? [Math.max(errorNorm, leastError), memory[0] as number, 0]
        : [memory[0] as number, memory[1] as number, 1];
      return { accepted, factor, memory: next };
    },
    vjp(errorNorm, memory, errorOrder, cotangent) {
      const accepted = errorNorm <= 1;
      const k = errorOrder + 1;
      const factor = raw(errorNorm, memory, k);
      const free = limited(factor, accepted, memory) === factor;
      const errors = [errorNorm, memory[0] as number, memory[1] as number];
      const [m0 = 0, m1 = 0] = cotangent.memory;
      const through = (n: 0 | 1 | 2) => {
        const gain = (accepted ? gains : onlyLast)[n];
        return free && gain !== 0 ? (cotangent.factor * -gain * factor) / (k * (errors[n] as number)) : 0;
      };
      return accepted
        ? {
            errorNorm: through(0) + (errorNorm > leastError ? m0 : 0),
            memory: [through(1) + m1, through(2), 0],
          }
        : { errorNorm: through(0), memory: [m0 + through(1), m1 + through(2), 0] };
    },
  };
  // Not enumerable: a copy by spread with a `decide` of its own does not follow the rule any more.
  return Object.defineProperty(controller, 'rule', { value: { gains, safety, minFactor, maxFactor, leastError } });
}

/** The elementary controller: factor = safety / errorNorm^(1/(q+1)). Limits as in {@link pidController}. */
export function iController(options: Omit<PidOptions, 'p' | 'i' | 'd'> = {}): AdaptiveController {
  return pidController({ name: 'i', ...options, p: 0, i: 1, d: 0 });
}

/** Söderlind's PI3040 controller (p 0.4, i 0.3 unless given): smoother sizes on mildly stiff problems. */
export function piController(options: Omit<PidOptions, 'd'> = {}): AdaptiveController {
  return pidController({ name: 'pi', p: 0.4, i: 0.3, ...options, d: 0 });
}
