import {
  checkOptions,
  type Field,
  type Gradient,
  InvalidInputError,
  type Problem,
  perSample,
  type Routine,
  type Solution,
  type SolveOptions,
  type StepOptions,
  solveRoutine,
  solveSamples,
} from '@neural-ode/core';
import { chooseStates } from './choose-states.ts';
import { offTape } from './engine.ts';
import {
  chosenGradient,
  stepOptions,
  type TensorOptions,
  type TensorStepOptions,
  tensorOptionNames,
  warner,
} from './options.ts';
import { ownFieldOf } from './own-field.ts';
import { probe, type Reads } from './probe.ts';
import type { Representation } from './representation.ts';
import { tensorField } from './tensor-field.ts';
import type { BoundFunction } from './tensor-function.ts';
import { completeGradients } from './tfjs-gradients/complete.ts';
import { coarseTimes } from './times.ts';
import { flatten, type TensorTree } from './tree.ts';

/**
 * The user's function with its state and arguments, checked, as are the options' names.
 *
 * @param more names of options that the caller has besides
 */
export function bind(
  f: unknown,
  y0: TensorTree,
  options: TensorOptions<unknown>,
  more: readonly string[] = [],
): BoundFunction {
  completeGradients();
  checkOptions(options, [...tensorOptionNames, ...more]);
  chosenGradient(options);
  const { args } = options;
  if (typeof f !== 'function') throw new InvalidInputError('f', `f is ${typeof f}: give a function f(t, y, args).`);
  const y = flatten(y0, 'y0', (message) => new InvalidInputError('y0', message));
  if (y.leaves.length === 0) throw new InvalidInputError('y0', 'y0 holds no tensor: give a state of at least one.');
  y.leaves.forEach((leaf, n) => {
    if (leaf.dtype === 'float32') return;
    throw new InvalidInputError(
      'y0',
      `${y.paths[n]} has dtype ${leaf.dtype}: cast it to float32, so that it can vary.`,
    );
  });
  const fail = (message: string) => new InvalidInputError('args', message);
  return {
    f: f as BoundFunction['f'],
    y,
    args: args === undefined ? undefined : flatten(args, 'args', fail),
    argsTree: args as TensorTree | undefined,
  };
}

/** A tensor problem in the terms of the generic code, which does not look into states (`unknown`). */
export interface Setup {
  readonly states: Representation<unknown>;
  readonly parameters: Representation<unknown>;
  readonly field: Field<unknown, unknown>;
  readonly y0: unknown;
  readonly options: StepOptions<unknown>;
  readonly warn: (message: string) => void;
  problem(t0: number, t1: number): Problem<unknown, unknown>;
  /** Solves it without a gradient: where samples have steps of their own, one by one. */
  solve(t0: number, t1: number, more: Pick<SolveOptions<unknown>, 'saveAt' | 'throw'>): Routine<Solution<unknown>>;
  /** A strategy as it suits the field: where samples have steps of their own, for each sample. */
  strategy(gradient: Gradient): Gradient;
  /** Warns when float32 times are too coarse for the steps taken. */
  checkTimes(solved: Pick<Solution<unknown>, 'mesh' | 'samples'>): void;
  /** Disposes what is kept for the solve. */
  close(): void;
}

/** @param given what the function reads, where a gradient is wanted */
export function setUp(bound: BoundFunction, options: TensorStepOptions<unknown>, given?: Reads): Setup {
  const own = ownFieldOf(bound.f);
  // A field of its own needs its parameters' values, gradient or not.
  const reads = given ?? (own && probe(bound, 0));
  const kind = own ? 'arrays' : options.states;
  const known = options.mesh !== undefined || options.stepSize !== undefined;
  const states = chooseStates(bound.y.leaves, kind, known);
  const parameters = chooseStates(reads?.parameters ?? [], kind);
  const close = () => {
    states.close();
    parameters.close();
  };
  try {
    return offTape(() => {
      const field: Field<unknown, unknown> = own
        ? (own.field(parameters.pack(reads?.parameters ?? []) as Float64Array) as Field<unknown, unknown>)
        : tensorField(bound, states, parameters, reads);
      const y0 = states.pack(bound.y.leaves);
      const warn = warner(options);
      const steps = stepOptions(options, bound.y, states, own?.dtype);
      const problem = (t0: number, t1: number) => ({ field, space: states.space, y0, t0, t1 });
      const { sampleSizes } = field;
      return {
        states,
        parameters,
        field,
        y0,
        warn,
        options: steps,
        problem,
        solve(t0, t1, more) {
          const solveOptions = { ...more, ...steps };
          if (!sampleSizes) return solveRoutine(problem(t0, t1), solveOptions);
          // Only fields on arrays have samples.
          const arrays = problem(t0, t1) as Problem<Float64Array, Float64Array>;
          return solveSamples(arrays, sampleSizes, solveOptions as SolveOptions<Float64Array>);
        },
        strategy: (gradient) => (sampleSizes ? perSample(gradient, sampleSizes) : gradient),
        checkTimes({ mesh, samples }) {
          for (const { ts } of samples?.map((sample) => sample.mesh) ?? [mesh]) {
            const warning = coarseTimes(ts, () => (reads ?? probe(bound, ts[0] as number)).time);
            if (warning) warn(warning);
          }
        },
        close,
      };
    });
  } catch (error) {
    close();
    throw error;
  }
}
