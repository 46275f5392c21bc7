import {
  type BackwardStats,
  type ByValueOrName,
  type Gradient,
  InvalidInputError,
  type Mesh,
  type Routine,
  read,
  resolve,
  type SampleSolve,
  type Stats,
  type StepOptions,
  stepOptionNames,
  warnOnce,
} from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Representation } from './representation.ts';
import { type FlatTree, flattenLike, type TensorTree } from './tree.ts';

/** Options of a solve on tensors. Times and step sizes are doubles. */
export interface TensorStepOptions<A = undefined>
  extends Omit<StepOptions<never>, 'solver' | 'controller' | 'rtol' | 'atol' | 'norm'> {
  /** The method: a value, or a registered name. */
  readonly solver: ByValueOrName<'solver'>;
  readonly controller?: ByValueOrName<'controller'> | undefined;
  /** Relative tolerance: a number, or a tree as y0 with one for each component. Default 1e-5. */
  readonly rtol?: number | TensorTree | undefined;
  /** Absolute tolerance, in the state's unit, likewise. Default 1e-7. */
  readonly atol?: number | TensorTree | undefined;
  /** Handed to the field as its third argument; a tree of tensors, of which the float32 ones are differentiated. */
  readonly args?: A | undefined;
  /**
   * Where states lie between evaluations: as `'arrays'` of doubles, so that only the field computes in float32, or as
   * `'tensors'` on the backend, in float32 throughout. Default `'auto'`: arrays on the backend cpu, on wasm up to 4096
   * components (16384 where tfjs was started without `useBackend`) and on tensorflow up to 16384; else tensors.
   */
  readonly states?: 'auto' | 'arrays' | 'tensors' | undefined;
  /** Told when a result should not be trusted. Default: `console.warn`, once for each message. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Options of a differentiable solve. */
export interface TensorOptions<A = undefined> extends TensorStepOptions<A> {
  /** The gradient strategy, as a value or a registered name. Needed only where a gradient is taken. */
  readonly gradient?: ByValueOrName<'gradient'> | undefined;
  /** Told what the solve cost, and its accepted steps, as soon as it ended. */
  readonly onForward?:
    | ((
        stats: Stats & {
          readonly mesh: Pick<Mesh<unknown>, 'ts'>;
          /** Where samples have steps of their own, each one's; `mesh` is empty then. */
          readonly samples?: readonly SampleSolve[] | undefined;
        },
      ) => void)
    | undefined;
  /** Told what the gradient cost, as soon as it was computed. */
  readonly onBackward?: ((stats: BackwardStats) => void) | undefined;
}

/**
 * Options as the generic code takes them.
 *
 * @param dtype what the field computes in
 */
export function stepOptions<Y>(
  options: TensorStepOptions<unknown>,
  y: FlatTree,
  states: Representation<Y>,
  dtype: 'float32' | 'float64' = 'float32',
): StepOptions<Y> {
  const { firstStep, maxStep, maxSteps, mesh, minStep, stepSize, stops, jumps, controller } = options;
  const rtol = tolerance('rtol', options.rtol, y, states);
  if (dtype === 'float32' && typeof rtol === 'number' && rtol > 0 && rtol < leastRtol) {
    warner(options)(
      `rtol is ${rtol}, but the field computes in float32: below ${leastRtol} its round-off is taken for error, so steps ` +
        'shrink and gain nothing: raise rtol.',
    );
  }
  return {
    firstStep,
    maxStep,
    maxSteps,
    mesh,
    minStep,
    stepSize,
    stops,
    jumps,
    solver: resolve('solver', options.solver),
    controller: controller && resolve('controller', controller),
    rtol,
    atol: tolerance('atol', options.atol, y, states),
  };
}

/** Refuses tolerances for each component that are negative or not finite. */
export function* checkTolerances<Y>({ rtol, atol }: StepOptions<Y>, states: Representation<Y>): Routine<void> {
  for (const [input, value] of Object.entries({ rtol, atol })) {
    if (value === undefined || typeof value === 'number' || (yield* read(states.least(value))) >= 0) continue;
    throw new InvalidInputError(
      input,
      `${input} holds a value that is negative or not finite: give 0 or more for each.`,
    );
  }
}

/** The strategy that is asked for, if any. */
export function chosenGradient({ gradient }: TensorOptions<unknown>): Gradient | undefined {
  if (gradient === undefined) return undefined;
  const strategy = resolve('gradient', gradient);
  if (typeof strategy?.record === 'function') return strategy;
  throw new InvalidInputError('gradient', 'gradient is no strategy: give one such as aca, or a registered name.');
}

/** The names of {@link TensorOptions}, of which `solve` ignores those for gradients. */
export const tensorOptionNames: readonly string[] = [
  ...stepOptionNames.filter((name) => name !== 'norm'),
  ...Object.keys({
    args: 0,
    states: 0,
    warn: 0,
    gradient: 0,
    onForward: 0,
    onBackward: 0,
  } satisfies Record<Exclude<keyof TensorOptions, keyof StepOptions<never>>, 0>),
];

/** Measured: a field in float32 gains nothing from less. */
const leastRtol = 1e-7;

/** Where the options send warnings. */
export function warner({ warn }: TensorStepOptions<unknown>): (message: string) => void {
  return warn ?? warnOnce;
}

function tolerance<Y>(
  input: 'rtol' | 'atol',
  value: number | TensorTree | undefined,
  y: FlatTree,
  states: Representation<Y>,
): number | Y | undefined {
  if (value === undefined || typeof value === 'number') return value;
  const fail = (message: string) => new InvalidInputError(input, `${message} Give a number, or a tree as y0.`);
  const leaves = flattenLike(y.structure, value, input, fail);
  leaves.forEach((leaf, n) => {
    const due = (y.leaves[n] as tf.Tensor).shape;
    if (!tf.util.arraysEqual(leaf.shape, due)) {
      throw fail(`${input} has a leaf of shape [${leaf.shape}] where ${y.paths[n]} has [${due}].`);
    }
  });
  return states.pack(leaves);
}
