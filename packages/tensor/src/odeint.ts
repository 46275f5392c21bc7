import { InvalidInputError, NeuralOdeError, type Recording, type Routine, runAsync, runSync } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { abandonTape, customOp, gradientIsRecorded, tapeIsOn } from './engine.ts';
import { checkTolerances, chosenGradient, type TensorOptions } from './options.ts';
import { probe } from './probe.ts';
import { revived } from './revive.ts';
import { bind, setUp } from './setup.ts';
import type { BoundFunction, TensorFunction } from './tensor-function.ts';
import { completeGradients } from './tfjs-gradients/complete.ts';
import { readTimes, readTimesAsync, span, type Times } from './times.ts';
import { type Like, type TensorTree, unflatten } from './tree.ts';

// Before any operation is taped: tfjs looks a gradient up when its operation runs forward.
completeGradients();

/**
 * Solves y' = f(t, y, args), y(ts[0]) = y0, and is differentiable like any tfjs operation: in `tf.grad`, `tf.grads`,
 * `tf.variableGrads` and `optimizer.minimize`, with respect to y0, args, the trainable variables and the tensors from
 * outside that f reads, and ts when it is a tensor. Without a gradient under way nothing is retained.
 *
 * @param f called within a tidy of its own; see {@link TensorFunction}
 * @param y0 float32 tensors of any shapes, singly or in arrays and records
 * @param ts output times, strictly monotonic in either direction, the start first
 * @returns a tree as y0, each leaf `[ts.length, ...shape]`, which the caller disposes
 * @throws InvalidInputError, RegistryError, FieldError, SolveError; {@link SecondOrderError} from a second derivative
 */
export function odeint<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: NoInfer<TensorFunction<Y, A>>,
  y0: Y,
  ts: Times,
  options: TensorOptions<A>,
): Like<Y> {
  const bound = bind(f, y0, options);
  const outputs = tapeIsOn() ? recordedSolve(bound, ts, options) : runSync(plainSolve(bound, readTimes(ts), options));
  return unflatten(bound.y.structure, outputs) as unknown as Like<Y>;
}

/**
 * Like {@link odeint}, for backends that cannot be read synchronously. The result is not differentiable: plan a mesh by
 * `planMesh` and give it to `odeint` for that. y0 and args must stay alive until the promise settles.
 */
export async function odeintAsync<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: NoInfer<TensorFunction<Y, A>>,
  y0: Y,
  ts: Times,
  options: TensorOptions<A>,
): Promise<Like<Y>> {
  const bound = bind(f, y0, options);
  const outputs = await runAsync(plainSolve(bound, await readTimesAsync(ts), options));
  return unflatten(bound.y.structure, outputs) as unknown as Like<Y>;
}

/** The outputs, one tensor for each leaf, without a gradient. */
function* plainSolve(
  bound: BoundFunction,
  times: readonly number[],
  options: TensorOptions<unknown>,
): Routine<tf.Tensor[]> {
  const setup = setUp(bound, options);
  try {
    yield* checkTolerances(setup.options, setup.states);
    const solved = yield* setup.solve(...span(times), { saveAt: times });
    const { mesh, stats, samples, ys } = solved;
    options.onForward?.({ ...stats, mesh, samples });
    setup.checkTimes(solved);
    return setup.states.stack(ys);
  } finally {
    setup.close();
  }
}

/** One operation on the tape: all that the solve depends on goes in, one tensor for each leaf comes out. */
function recordedSolve(bound: BoundFunction, ts: Times, options: TensorOptions<unknown>): tf.Tensor[] {
  const gradient = chosenGradient(options);
  if (!gradient) {
    throw new InvalidInputError(
      'gradient',
      'A gradient is being recorded, and no strategy is given for it: pass gradient, as aca or its registered name.',
    );
  }
  const times = readTimes(ts);
  const timeTensor = ts instanceof tf.Tensor ? [ts] : [];
  const reads = probe(bound, times[0] as number);
  const setup = setUp(bound, options, reads);
  const { states, parameters, warn } = setup;
  const { rtol, atol } = setup.options;
  let recording: Recording<unknown, unknown>;
  /** The states that the pullback reads; the tolerances may be among them. */
  let retained: readonly unknown[];

  const forward = (save: (tensors: readonly tf.Tensor[]) => void) => {
    try {
      runSync(checkTolerances(setup.options, states));
      recording = runSync(
        setup.strategy(gradient).record({
          ...setup.problem(...span(times)),
          ts: times,
          options: setup.options,
          wantTimes: timeTensor.length > 0,
          warn,
        }),
      );
      const { stats, mesh, samples, ys } = recording;
      retained = [...recording.retained, ...[rtol, atol].filter((tolerance) => typeof tolerance === 'object')];
      options.onForward?.({ ...stats, mesh, samples });
      setup.checkTimes(recording);
      const outputs = states.stack(ys);
      // What the tape saves it also disposes, when the outer gradient ends.
      save([...states.tensors(retained), ...reads.outside]);
      return outputs;
    } finally {
      setup.close();
    }
  };

  const backward = (dys: readonly tf.Tensor[], saved: readonly tf.Tensor[]) => {
    try {
      if (gradientIsRecorded()) throw new SecondOrderError();
      const kept = saved.length - reads.outside.length;
      states.replace(retained, saved.slice(0, kept));
      return revived(reads.outside, saved.slice(kept), () => {
        const back = runSync(recording.pullback(states.unstack(dys)));
        options.onBackward?.(back.stats);
        return [
          ...states.unpack(back.y0),
          ...parameters.unpack(back.parameters),
          ...timeTensor.map(() => tf.tensor1d([...(back.ts ?? [])])),
        ];
      });
    } catch (error) {
      abandonTape();
      throw error;
    } finally {
      setup.close();
    }
  };

  return customOp([...bound.y.leaves, ...reads.parameters, ...timeTensor], forward, backward);
}

/** A second derivative through a solve was asked for. */
export class SecondOrderError extends NeuralOdeError {
  constructor() {
    super(
      'second-order',
      'A gradient of a gradient of odeint was asked for, which the strategies do not give: their backward pass is not on ' +
        'the tape, so it would count as constant. Differentiate a solver loop of plain tfjs operations for that.',
    );
  }
}
