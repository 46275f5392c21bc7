import {
  type ArrayOptions,
  type ArrayPullback,
  type ByValueOrName,
  checkOptions,
  checkTimes,
  type Field,
  float64Space,
  InvalidInputError,
  type Numbers,
  resolve,
  runSync,
  type SaveAt,
  type Solution,
  type StepOptions,
  solveRoutine,
  stepOptionNames,
  toFloat64,
  warnOnConsole,
} from '@neural-ode/core';
import { ownFieldOf } from '@neural-ode/tensor';

/** A function that `@neural-ode/compiler` made: on plain numbers its own field is solved, in place of calls of it. */
export interface CompiledFunction {
  field(parameters?: Numbers): Field<Float64Array, Float64Array> & { readonly size: number };
}

/** Whether a function brings a compiled field. */
export function isCompiled(f: unknown): f is CompiledFunction {
  return typeof f === 'function' && ownFieldOf(f) !== undefined;
}

/** `solve` on plain numbers. */
export function solveCompiled(
  problem: { readonly f: CompiledFunction; readonly y0: Numbers; readonly t0: number; readonly t1: number },
  options: ArrayOptions & { readonly saveAt?: SaveAt | undefined; readonly throw?: boolean },
): Solution<Float64Array> {
  checkOptions(options, [...optionNames, 'saveAt', 'throw']);
  const { t0, t1 } = problem;
  const { field, y0 } = start(problem.f, problem.y0, options);
  const steps = stepOptions(options, y0.length);
  return runSync(
    solveRoutine(
      { field, space: float64Space, y0, t0, t1 },
      { ...steps, saveAt: options.saveAt, throw: options.throw },
    ),
  );
}

/** `odeint` on plain numbers. */
export function odeintCompiled(f: CompiledFunction, y0: Numbers, ts: Numbers, options: ArrayOptions): Float64Array[] {
  const times = checkedTimes(ts);
  const span = { f, y0, t0: times[0] as number, t1: times.at(-1) as number };
  return [...solveCompiled(span, { ...options, saveAt: times }).ys];
}

/** `odeintVjp` on plain numbers; the field has a vector-Jacobian product of its own. */
export function odeintVjpCompiled(
  f: CompiledFunction,
  y0: Numbers,
  ts: Numbers,
  options: ArrayOptions & {
    readonly gradient: ByValueOrName<'gradient'>;
    readonly warn?: ((message: string) => void) | undefined;
  },
): ArrayPullback {
  checkOptions(options, [...optionNames, 'gradient', 'warn']);
  const at = start(f, y0, options);
  const { ys, mesh, stats, pullback } = runSync(
    resolve('gradient', options.gradient).record({
      ...at,
      space: float64Space,
      ts: checkedTimes(ts),
      options: stepOptions(options, at.y0.length),
      wantTimes: true,
      warn: options.warn ?? warnOnConsole,
    }),
  );
  return {
    ys,
    mesh,
    stats,
    pullback(cotangents) {
      const bars = cotangents.map((bar, n) => bar && sized(`cotangents[${n}]`, bar, at.y0.length));
      return runSync(pullback(bars));
    },
  };
}

const optionNames = [...stepOptionNames, 'parameters'];

function start(f: CompiledFunction, y0: Numbers, { parameters }: ArrayOptions) {
  const field = f.field(parameters);
  const state = toFloat64('y0', y0);
  if (state.length !== field.size) {
    throw new InvalidInputError(
      'y0',
      `y0 holds ${state.length} numbers where the field was compiled for ${field.size}: compile it for this size.`,
    );
  }
  return { field, y0: state };
}

function stepOptions(options: ArrayOptions, size: number): StepOptions<Float64Array> {
  const { rtol, atol, controller, solver, ...rest } = options;
  const tolerance = (input: string, value: number | Numbers | undefined) =>
    value === undefined || typeof value === 'number' ? value : sized(input, value, size);
  return {
    ...rest,
    solver: resolve('solver', solver),
    controller: controller && resolve('controller', controller),
    rtol: tolerance('rtol', rtol),
    atol: tolerance('atol', atol),
  };
}

function sized(input: string, given: Numbers, size: number): Float64Array {
  const values = toFloat64(input, given);
  if (values.length === size && values.every(Number.isFinite)) return values;
  throw new InvalidInputError(
    input,
    `${input} holds ${values.length} values where ${size} are due, or one that is not finite: give one finite number for each.`,
  );
}

function checkedTimes(ts: Numbers): number[] {
  const times = [...toFloat64('ts', ts)];
  checkTimes(times, 'ts');
  return times;
}
