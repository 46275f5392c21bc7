import { type Controller, constantController, iController } from './controller.ts';
import { FieldError, InvalidInputError } from './errors.ts';
import { countedField, type Field, type FieldCounts } from './field.ts';
import { firstStepSize } from './first-step.ts';
import { resolution, type Stepping, type Task } from './integrate.ts';
import { checkTimes, type Mesh, stepCount, uniformMesh } from './mesh.ts';
import { type Routine, read } from './routine.ts';
import type { Solver } from './solver.ts';
import { type ErrorNorm, errorNorm, finiteness, type Space, type Tolerance } from './space.ts';

/** How the steps of a solve are found. */
export interface StepOptions<Y> {
  readonly solver: Solver;
  /** Relative tolerance, for all components alike or one for each. Default 1e-5. */
  readonly rtol?: number | Y | undefined;
  /** Absolute tolerance, in the state's unit, likewise. Default 1e-7. */
  readonly atol?: number | Y | undefined;
  /** Default: the elementary controller, {@link iController}. */
  readonly controller?: Controller | undefined;
  /** Takes fixed steps of this size instead of searching: the same as `constantController(stepSize)`. */
  readonly stepSize?: number | undefined;
  /** Takes the steps of a mesh found before. */
  readonly mesh?: Pick<Mesh<unknown>, 'ts'> | undefined;
  /** Magnitude of the first trial. Default: {@link firstStepSize}. */
  readonly firstStep?: number | undefined;
  /** Largest and smallest magnitude of a step. Defaults: no limit, and what changes t in double precision. */
  readonly maxStep?: number | undefined;
  readonly minStep?: number | undefined;
  /** Bound on the number of trials. Default 100000. */
  readonly maxSteps?: number | undefined;
  /** Times in the span that a step must end at: where f has a kink; a mesh has its own. Default none. */
  readonly stops?: readonly number[] | undefined;
  /**
   * Times in the span at which f jumps, in any order: a step ends at the last double before each and another leads to the
   * first one after it, so that no step evaluates f on both sides. Default none.
   */
  readonly jumps?: readonly number[] | undefined;
  /** Measures the error in place of rtol and atol. */
  readonly norm?: ErrorNorm<Y> | undefined;
}

/** The names of {@link StepOptions}. */
export const stepOptionNames: readonly string[] = Object.keys({
  solver: 0,
  rtol: 0,
  atol: 0,
  controller: 0,
  stepSize: 0,
  mesh: 0,
  firstStep: 0,
  maxStep: 0,
  minStep: 0,
  maxSteps: 0,
  stops: 0,
  jumps: 0,
  norm: 0,
} satisfies Record<keyof StepOptions<never>, 0>);

/** What to solve: y' = field(t, y) from y(t0) = y0 to t1, forwards or backwards. */
export interface Problem<Y, P> {
  readonly field: Field<Y, P>;
  readonly space: Space<Y>;
  readonly y0: Y;
  readonly t0: number;
  readonly t1: number;
}

/** A checked problem, ready for the loop. */
export type Prepared<Y, P> = Omit<Task<Y, P>, 'retain' | 'outputs'> & {
  /** The field, its use counted in `counts`. */
  readonly field: Field<Y, P>;
  readonly counts: FieldCounts;
};

const elementary = iController();

/** Checks a problem and its options, binds the solver, and finds the first step's size. */
export function* prepare<Y, P>(problem: Problem<Y, P>, options: StepOptions<Y>): Routine<Prepared<Y, P>> {
  const { space, y0, t0, t1 } = problem;
  if (typeof options.solver?.bind !== 'function') {
    throw new InvalidInputError(
      'solver',
      'solver is no solver: give one such as dopri5, explicitRungeKutta(tableau), or a registered name.',
    );
  }
  checkFinite('t0', t0);
  checkFinite('t1', t1);
  if (!Number.isFinite(yield* read(finiteness(space, y0)))) {
    throw new InvalidInputError('y0', 'y0 holds an infinite or NaN component: a solve must start from a finite state.');
  }
  const counts: FieldCounts = { evaluations: 0, vjps: 0 };
  const field = countedField(problem.field, counts);
  const maxSteps = positive('maxSteps', options.maxSteps ?? 100_000);
  const common = { field, space, y0, t0, counts, maxSteps };
  const bind = (norm?: ErrorNorm<Y>) =>
    problem.field.stepper?.(options.solver, norm, counts) ?? options.solver.bind(field, space, norm);

  const fixed = fixedTimes(t0, t1, maxSteps, options);
  if (fixed) {
    const stepper = bind();
    return { stepper, stepping: { kind: 'fixed', ts: fixed }, ...common };
  }

  const { errorOrder } = options.solver;
  if (errorOrder === undefined) {
    throw new InvalidInputError(
      'solver',
      `${options.solver.name} has no error estimate to choose steps by: give stepSize or mesh, or take an adaptive solver.`,
    );
  }
  const norm = options.norm ?? errorNorm(space, checkedTolerance(options));
  const stepper = bind(norm);
  const maxStep = positive('maxStep', options.maxStep ?? Number.POSITIVE_INFINITY);
  const minStep = options.minStep ?? 0;
  if (!(minStep >= 0 && minStep <= maxStep)) {
    throw new InvalidInputError('minStep', `minStep is ${minStep}: give 0 <= minStep <= maxStep.`);
  }
  const stops = checkedStops(t0, t1, options);
  const stepping = (firstStep: number): Stepping => ({
    kind: 'adaptive',
    controller: (options.controller as Exclude<Controller, { kind: 'constant' }>) ?? elementary,
    errorOrder,
    firstStep,
    maxStep,
    minStep,
    stops,
  });
  if (t0 === t1) return { stepper, stepping: stepping(1), ...common };

  const carry = stepper.start(t0, y0);
  if (!Number.isFinite(yield* read(finiteness(space, carry.slope)))) {
    space.release(carry.slope);
    throw new FieldError(
      t0,
      `The field is infinite or NaN at the start, t = ${t0}: check y0 and the field's parameters.`,
    );
  }
  const firstStep =
    options.firstStep === undefined
      ? (stepper.firstStepSize?.(t0, y0, carry, t1 - t0, errorOrder) ??
        (yield* firstStepSize(field, space, norm, { t0, y0, f0: carry.slope }, t1 - t0, errorOrder)))
      : positive('firstStep', options.firstStep);
  return { stepper, stepping: stepping(firstStep), carry, ...common };
}

/** Step ends known beforehand: of a mesh or of a constant size. */
function fixedTimes<Y>(
  t0: number,
  t1: number,
  maxSteps: number,
  options: StepOptions<Y>,
): readonly number[] | undefined {
  const { mesh, controller, stepSize } = options;
  if (controller && controller.kind !== 'constant' && typeof controller.decide !== 'function') {
    throw new InvalidInputError(
      'controller',
      'controller is none: give one such as piController(), or a registered name.',
    );
  }
  if (mesh) {
    checkTimes(mesh.ts, 'mesh.ts');
    if (mesh.ts[0] !== t0 || mesh.ts.at(-1) !== t1) {
      throw new InvalidInputError(
        'mesh',
        `The mesh runs from ${mesh.ts[0]} to ${mesh.ts.at(-1)}, the problem from ${t0} to ${t1}: plan a mesh for this span.`,
      );
    }
    return mesh.ts;
  }
  const constant = stepSize === undefined ? controller : constantController(stepSize);
  if (constant?.kind !== 'constant') return undefined;
  if (constant.stepSize <= resolution * Math.max(Math.abs(t0), Math.abs(t1))) {
    throw new InvalidInputError(
      'stepSize',
      `Steps of ${constant.stepSize} hardly change t between ${t0} and ${t1}: take larger ones, or move the origin of time.`,
    );
  }
  const count = stepCount(t0, t1, constant.stepSize);
  if (count > maxSteps) {
    throw new InvalidInputError(
      'stepSize',
      `Steps of ${constant.stepSize} from ${t0} to ${t1} are ${count}, more than maxSteps (${maxSteps}): ` +
        'take larger steps or raise maxSteps.',
    );
  }
  const ts = [t0];
  for (const stop of checkedStops(t0, t1, options)) {
    const part = uniformMesh(ts.at(-1) as number, stop, constant.stepSize);
    for (let n = 1; n < part.length; n++) ts.push(part[n] as number);
  }
  return ts;
}

function checkedTolerance<Y>({ rtol = 1e-5, atol = 1e-7 }: StepOptions<Y>): Tolerance<Y> {
  if (typeof rtol === 'number') positive('rtol', rtol, 'positive, finite');
  if (typeof atol === 'number' && !(atol >= 0 && Number.isFinite(atol))) {
    throw new InvalidInputError('atol', `atol is ${atol}: give a finite number, 0 or more.`);
  }
  return { rtol, atol };
}

/** The times that steps must end at, the end of the span last. */
function checkedStops<Y>(t0: number, t1: number, { stops = [], jumps = [] }: StepOptions<Y>): readonly number[] {
  if (stops.length === 0 && jumps.length === 0) return t0 === t1 ? [] : [t1];
  for (const [input, times] of Object.entries({ stops, jumps })) {
    const outside = times.find((t) => !((t - t0) * (t - t1) <= 0));
    if (outside === undefined) continue;
    throw new InvalidInputError(
      input,
      `${input} holds ${outside}, outside the span from ${t0} to ${t1}: give times within it.`,
    );
  }
  if (t0 === t1) return [];
  checkTimes([t0, ...stops.filter((t) => t !== t0 && t !== t1), t1], 'stops');
  const sides = jumps.flatMap((t) => [neighbour(t, -1), neighbour(t, 1)]);
  const inner = [...new Set([...stops, ...sides])].filter((t) => (t - t0) * (t - t1) < 0);
  return [...inner.sort((a, b) => (a - b) * Math.sign(t1 - t0)), t1];
}

/** The next double in a direction. */
function neighbour(t: number, direction: 1 | -1): number {
  if (t === 0) return direction * Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(t).buffer);
  bits[0] = (bits[0] as bigint) + (direction === Math.sign(t) ? 1n : -1n);
  return new Float64Array(bits.buffer)[0] as number;
}

function checkFinite(input: string, value: number): void {
  if (!Number.isFinite(value)) throw new InvalidInputError(input, `${input} is ${value}: give a finite number.`);
}

function positive(input: string, value: number, kind: 'positive' | 'positive, finite' = 'positive'): number {
  if (value > 0 && (kind === 'positive' || Number.isFinite(value))) return value;
  throw new InvalidInputError(input, `${input} is ${value}: give a ${kind} number.`);
}
