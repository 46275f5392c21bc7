import { checkOptions } from './check-options.ts';
import { InvalidInputError } from './errors.ts';
import {
  type ArrayFunction,
  type ArrayVjp,
  arrayField,
  type FieldBearer,
  float64Space,
  type Numbers,
  toFloat64,
} from './float64.ts';
import type { Cotangents, Gradient, Recording } from './gradient.ts';
import { checkTimes } from './mesh.ts';
import { type StepOptions, stepOptionNames } from './prepare.ts';
import { type ByValueOrName, resolve } from './registry.ts';
import { runSync } from './routine.ts';
import { perSample, solveSamples } from './samples.ts';
import { type SaveAt, type Solution, solveRoutine } from './solve.ts';
import { warnOnce } from './warn.ts';

/** Options of a solve on plain arrays. */
export interface ArrayOptions extends Omit<StepOptions<Float64Array>, 'solver' | 'controller' | 'rtol' | 'atol'> {
  readonly solver: ByValueOrName<'solver'>;
  readonly controller?: ByValueOrName<'controller'> | undefined;
  /** Tolerances: a number, or one for each component. Defaults 1e-5 and 1e-7. */
  readonly rtol?: number | Numbers | undefined;
  readonly atol?: number | Numbers | undefined;
  /** Parameters p of f(t, y, p). Default none. */
  readonly parameters?: Numbers | undefined;
}

/**
 * Solves y' = f(t, y, p), y(ts[0]) = y0, in double precision.
 *
 * @param ts output times, strictly monotonic in either direction, the start first
 * @returns the states at `ts`, one Float64Array each
 * @throws InvalidInputError for an argument or option that is unusable, RegistryError for an unknown name, FieldError when
 *   f returns no slope of the state or is not finite at the start, SolveError when the end is not reached
 */
export function odeint(f: ArrayFunction, y0: Numbers, ts: Numbers, options: ArrayOptions): Float64Array[] {
  const times = checkedTimes(ts);
  const span = { f, y0, t0: times[0] as number, t1: times.at(-1) as number };
  return [...solve(span, { ...options, saveAt: times }).ys];
}

/** Solves an initial value problem on plain arrays, in double precision; see {@link Solution}. */
export function solve(
  problem: {
    readonly f: ArrayFunction | FieldBearer;
    readonly y0: Numbers;
    readonly t0: number;
    readonly t1: number;
  },
  options: ArrayOptions & { readonly saveAt?: SaveAt | undefined; readonly throw?: boolean },
): Solution<Float64Array> {
  checkOptions(options, solveOptionNames);
  const { f, t0, t1 } = problem;
  const y0 = toFloat64('y0', problem.y0);
  const field = arrayField(f, { size: y0.length, parameters: options.parameters });
  const whole = { field, space: float64Space, y0, t0, t1 };
  const steps = stepOptions(options, y0.length);
  const { sampleSizes } = field;
  return runSync(sampleSizes ? solveSamples(whole, sampleSizes, steps) : solveRoutine(whole, steps));
}

const solveOptionNames = [...stepOptionNames, 'parameters', 'saveAt', 'throw'];
const vjpOptionNames = [...stepOptionNames, 'parameters', 'gradient', 'vjp', 'wantTimes', 'warn'];

/** A solve on plain arrays with the function that takes cotangents back through it, which reads `ys`: leave them as they are. */
export interface ArrayPullback
  extends Pick<Recording<Float64Array, Float64Array>, 'ys' | 'mesh' | 'stats' | 'samples'> {
  /**
   * From cotangents of the outputs (one array for each of `ts`; absent for zero) to those of y0, the parameters and
   * the output times.
   */
  pullback(cotangents: readonly (Numbers | undefined)[]): Cotangents<Float64Array, Float64Array>;
}

/**
 * Solves like {@link odeint} and records what the strategy needs for the gradient.
 *
 * @param options as for `odeint`, with the `gradient` strategy and the field's `vjp`
 */
export function odeintVjp(
  f: ArrayFunction | FieldBearer,
  y0: Numbers,
  ts: Numbers,
  options: ArrayOptions & {
    readonly gradient: ByValueOrName<'gradient'>;
    /** The field's vector-Jacobian product; one that brings a field of its own brings it too. */
    readonly vjp?: ArrayVjp | undefined;
    /** Whether cotangents of `ts` are wanted, which costs an evaluation of f for each. Default true. */
    readonly wantTimes?: boolean | undefined;
    /** Told when a gradient should not be trusted. Default: `console.warn`, once for each message. */
    readonly warn?: (message: string) => void;
  },
): ArrayPullback {
  checkOptions(options, vjpOptionNames);
  const start = toFloat64('y0', y0);
  const { parameters, vjp } = options;
  const field = arrayField(f, { size: start.length, parameters, vjp });
  const { sampleSizes } = field;
  const strategy: Gradient = resolve('gradient', options.gradient);
  const gradient = sampleSizes ? perSample(strategy, sampleSizes) : strategy;
  const recording = runSync(
    gradient.record({
      field,
      space: float64Space,
      y0: start,
      ts: checkedTimes(ts),
      options: stepOptions(options, start.length),
      wantTimes: options.wantTimes ?? true,
      warn: options.warn ?? warnOnce,
    }),
  );
  return {
    ys: recording.ys,
    mesh: recording.mesh,
    stats: recording.stats,
    samples: recording.samples,
    pullback: (cotangents) => runSync(recording.pullback(checkedCotangents(cotangents, recording.ys))),
  };
}

function checkedTimes(ts: Numbers): number[] {
  const values = toFloat64('ts', ts);
  // A loop into a list of the right length: a spread takes ten times as long, and a list that grows is allocated thrice.
  const times: number[] = new Array(values.length);
  for (let n = 0; n < values.length; n++) times[n] = values[n] as number;
  checkTimes(times, 'ts');
  return times;
}

function checkedCotangents(
  cotangents: readonly (Numbers | undefined)[],
  ys: readonly Float64Array[],
): (Float64Array | undefined)[] {
  if (!Array.isArray(cotangents) || cotangents.length > ys.length) {
    throw new InvalidInputError(
      'cotangents',
      `pullback takes a list of at most ${ys.length} cotangents, one for each output time: give undefined for zero.`,
    );
  }
  return cotangents.map((cotangent, n) => {
    if (cotangent === undefined) return undefined;
    // They are only read, so that arrays of doubles need no copy.
    const values = cotangent instanceof Float64Array ? cotangent : toFloat64(`cotangents[${n}]`, cotangent);
    const due = (ys[n] as Float64Array).length;
    if (values.length === due && allFinite(values)) return values;
    throw new InvalidInputError(
      'cotangents',
      `cotangents[${n}] has ${values.length} components where ${due} are due, or one that is not finite: ` +
        'give one finite number for each component of the state.',
    );
  });
}

/** A number minus itself is 0 where it is finite, else NaN. Four sums need no branch and do not wait for one another. */
function allFinite(values: Float64Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < values.length; i += 4) {
    a += difference(values, i);
    b += difference(values, i + 1);
    c += difference(values, i + 2);
    d += difference(values, i + 3);
  }
  for (; i < values.length; i++) a += difference(values, i);
  return a + b + c + d === 0;
}

function difference(values: Float64Array, i: number): number {
  const value = values[i] as number;
  return value - value;
}

type Resolved = 'solver' | 'controller' | 'rtol' | 'atol';

/** The options with names resolved and tolerances checked; others pass. */
function stepOptions<O extends ArrayOptions>(
  options: O,
  size: number,
): Omit<O, Resolved> & Pick<StepOptions<Float64Array>, Resolved> {
  const { rtol, atol, controller, solver, ...rest } = options;
  // What is new comes first, here and wherever a solve begins: V8 takes ten times as long to add it behind a copy.
  return {
    solver: resolve('solver', solver),
    controller: controller && resolve('controller', controller),
    rtol: tolerance('rtol', rtol, size),
    atol: tolerance('atol', atol, size),
    ...rest,
  };
}

function tolerance(input: string, value: number | Numbers | undefined, size: number) {
  if (value === undefined || typeof value === 'number') return value;
  const values = toFloat64(input, value);
  if (values.length !== size) {
    throw new InvalidInputError(
      input,
      `${input} holds ${values.length} values for ${size} components: give one for each.`,
    );
  }
  const bad = values.find((v) => !(v >= 0 && Number.isFinite(v)));
  if (bad !== undefined) throw new InvalidInputError(input, `${input} holds ${bad}: give finite numbers, 0 or more.`);
  return values;
}
