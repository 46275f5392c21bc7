import { type Field, FieldError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { customOp, gradients, offTape } from './engine.ts';
import { numbersOf } from './numbers-of.ts';
import type { Reads } from './probe.ts';
import type { Representation } from './representation.ts';
import { type BoundFunction, slopes } from './tensor-function.ts';

/**
 * A field made of a tfjs function. It works inside and outside of `tf.tidy`, within a kernel's forward function and
 * within a gradient's backward function, and leaves no tensor behind.
 *
 * @param reads what the function reads besides t and y; absent when no gradient is wanted
 */
export function tensorField<Y, P>(
  bound: BoundFunction,
  states: Representation<Y>,
  parameters: Representation<P>,
  reads?: Reads,
): Field<Y, P> {
  const wanted = reads?.parameters ?? [];
  return {
    parameters: parameters.pack(wanted),
    parameterSpace: parameters.space,
    evaluate(t, y) {
      let slope: Y | undefined;
      tf.tidy(() => {
        const time = tf.scalar(t);
        const out = offTape(() => slopes(bound, t, time, states.unpack(y)));
        slope = states.pack(out);
      });
      return slope as Y;
    },
    vjp(t, y, cotangent, wantTime) {
      let back: { t: number; y: Y; parameters: P } | undefined;
      tf.tidy(() => {
        const time = tf.scalar(t);
        const leaves = states.unpack(y);
        const dys = states.unpack(cotangent);
        const f = () => {
          const out = slopes(bound, t, time, leaves);
          reads?.check(t, time, out);
          return out;
        };
        const inputs = [...leaves, ...wanted, ...(wantTime ? [time] : [])];
        const grads = explained(t, () =>
          offTape(() =>
            dys.length === 1
              ? gradients(() => f()[0] as tf.Tensor, inputs, dys[0])
              : gradients(() => joined(f(), dys), inputs),
          ),
        );
        const timeSlope = wantTime ? grads.at(-1) : undefined;
        back = {
          t: timeSlope ? (numbersOf(timeSlope)[0] as number) : 0,
          y: states.pack(grads.slice(0, leaves.length)),
          parameters: parameters.pack(grads.slice(leaves.length, leaves.length + wanted.length)),
        };
      });
      return back as { t: number; y: Y; parameters: P };
    },
  };
}

/** Runs a gradient; an operation that has none is told as the field's fault, with what to do. */
function explained<T>(t: number, gradient: () => T): T {
  try {
    return gradient();
  } catch (error) {
    const name = /gradient function not found for (\w+)/.exec(error instanceof Error ? error.message : '')?.[1];
    if (name === undefined) throw error;
    throw new FieldError(
      t,
      `The field uses the operation ${name}, which has no gradient: give it one by tf.registerGradient, or write the ` +
        'field with other operations.',
    );
  }
}

/** A scalar whose gradient with respect to each of `out` is that of `dys`: the engine starts from one output only. */
function joined(out: readonly tf.Tensor[], dys: readonly tf.Tensor[]): tf.Tensor {
  // Clones, since the engine disposes a cotangent when it adds another to it.
  const back = () => dys.map((dy) => dy.clone());
  return customOp(out, () => [tf.scalar(0)], back)[0] as tf.Tensor;
}
