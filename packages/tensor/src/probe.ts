import { FieldError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { onOwnTape, type TapeNode, tapeNodes } from './engine.ts';
import { ownFieldOf } from './own-field.ts';
import { type BoundFunction, slopes } from './tensor-function.ts';

/** What a function reads besides t and y. */
export interface Reads {
  /** What is differentiated, all float32: leaves of args, trainable variables, and tensors from outside. */
  readonly parameters: readonly tf.Tensor[];
  /** All tensors from outside, whatever their dtype: they must be alive whenever f is called. */
  readonly outside: readonly tf.Tensor[];
  /** Whether f reads t. */
  readonly time: boolean;
  /**
   * Refuses what f has read on the tape, if its gradient would be lost because the probe did not meet it.
   *
   * @param since the first tensor made for this call of f
   * @param out what f returned
   */
  check(t: number, since: tf.Tensor, out: readonly tf.Tensor[]): void;
}

/**
 * Calls f once with a tape, to see what it reads: `tf.Variable`s, and tensors older than the call. A function with a field
 * of its own is asked instead.
 *
 * @throws FieldError when f does not return a slope of the state
 */
export function probe(bound: BoundFunction, t0: number): Reads {
  const own = ownFieldOf(bound.f);
  if (own) return own.reads(bound.y, bound.args);
  const args = bound.args?.leaves ?? [];
  const outside = new Map(args.map((leaf) => [leaf.id, leaf]));
  const made = new Set<number>();
  let time = false;
  let first = 0;
  let last = 0;

  tf.tidy(() => {
    const t = tf.scalar(t0);
    first = t.id;
    // Clones, so that y0 itself counts as from outside when f reads it.
    const y = bound.y.leaves.map((leaf) => leaf.clone());
    onOwnTape(
      () => slopes(bound, t0, t, y),
      (nodes, out) => {
        for (const tensor of inputsOf(nodes, out)) {
          if (tensor === t) time = true;
          else if (tensor.id < first) outside.set(tensor.id, tensor);
        }
        for (const node of nodes) for (const output of node.outputs) made.add(output.id);
      },
    );
    last = tf.scalar(0).id;
  });

  const isKnown = ({ id }: tf.Tensor) =>
    // A tensor that f made from nothing in that call and kept is a constant.
    outside.has(id) || (id > first && id < last && !made.has(id));
  return {
    parameters: [...outside.values()].filter(
      (tensor) => tensor.dtype === 'float32' && (args.includes(tensor) || isDifferentiated(tensor)),
    ),
    outside: [...outside.values()],
    time,
    check(t, since, out) {
      for (const tensor of inputsOf(tapeNodes(), out)) {
        if (tensor.id >= since.id || !isDifferentiated(tensor) || isKnown(tensor)) continue;
        const what =
          tensor instanceof tf.Variable
            ? `the variable '${tensor.name}'`
            : `a tensor of shape [${tensor.shape}] from outside`;
        throw new FieldError(
          t,
          `The field reads ${what} at t = ${t} but did not at the start, t = ${t0}, so its gradient would be lost: ` +
            'pass it in args, or read it at every time.',
        );
      }
    },
  };
}

function isDifferentiated(tensor: tf.Tensor): boolean {
  return tensor.dtype === 'float32' && (!(tensor instanceof tf.Variable) || tensor.trainable);
}

/** What the operations on a tape read, and what is returned as it is. */
function* inputsOf(nodes: readonly TapeNode[], out: readonly tf.Tensor[]): Generator<tf.Tensor> {
  for (const node of nodes) for (const input of Object.values(node.inputs)) if (input) yield input;
  yield* out;
}
