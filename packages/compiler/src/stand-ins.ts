import { InvalidInputError, type Numbers } from '@neural-ode/core';
import type { TensorTree } from '@neural-ode/tensor';
import { type FlatTree, flatten, unflatten } from '@neural-ode/tensor/internal';
import * as tf from '@tensorflow/tfjs-core';

/** Tensors to trace a field on, and what is checked when it is solved. */
export interface StandIns {
  /** The state, or a batch of another number of samples. */
  readonly y: unknown;
  /** Whether the first axis of its leaves is that of the samples. */
  readonly hasBatchAxis: boolean;
  /** A copy of the arguments, so that a tensor which the field also captures is another parameter. */
  readonly args: unknown;
  /** The leaves of the state, as it is traced, and of the arguments as they were given. */
  readonly yLeaves: readonly tf.Tensor[];
  readonly argsLeaves: readonly tf.Tensor[];
  /** Where they lie, as `y0.position[1]`. */
  readonly yPaths: readonly string[];
  readonly argsPaths: readonly string[];
  dispose(): void;
}

/**
 * @param samples how many samples the state is to have, instead of those of the example: the first axis of every leaf;
 *   an example of numbers is one sample, without such an axis
 * @throws InvalidInputError when there is no example of a state, or no batch
 */
export function standIns(
  options: { readonly example: TensorTree | Numbers; readonly args?: unknown },
  samples?: number,
): StandIns {
  const { example, args } = options;
  const made: tf.Tensor[] = [];
  const make = (tensor: tf.Tensor) => {
    made.push(tensor);
    return tensor;
  };
  const zeros = (shape: readonly number[]) => make(tf.tidy(() => tf.zeros([...shape])));
  const batch = (count: number) => {
    const { structure, leaves } = flat(example, 'example');
    const samplesOf = leaves.map(({ shape }) => {
      if (shape.length > 0) return zeros([count, ...shape.slice(1)]);
      throw new InvalidInputError(
        'example',
        'example holds a scalar, which is no batch of samples: the first axis of every leaf must be the batch.',
      );
    });
    return unflatten(structure, samplesOf);
  };
  const numbers = isNumbers(example);
  const hasBatchAxis = !numbers && samples !== undefined;
  const y = numbers ? zeros([example.length]) : samples === undefined ? example : batch(samples);
  const { leaves: yLeaves, paths: yPaths } = flat(y, 'y0', 'example');
  if (yLeaves.length === 0) {
    throw new InvalidInputError('example', 'example holds no tensor: give a state such as y0, in tensors or numbers.');
  }
  const given = args === undefined ? undefined : flat(args, 'args');
  const copies = given?.leaves.map((leaf) => make(tf.tidy(() => leaf.clone())));
  return {
    y,
    hasBatchAxis,
    args: given && unflatten(given.structure, copies ?? []),
    yLeaves,
    argsLeaves: given?.leaves ?? [],
    yPaths,
    argsPaths: given?.paths ?? [],
    dispose() {
      for (const tensor of made) tensor.dispose();
    },
  };
}

/** Whether an example is plain numbers. */
export function isNumbers(example: TensorTree | Numbers): example is Numbers {
  return example instanceof Float64Array || (Array.isArray(example) && typeof example[0] === 'number');
}

/** Takes a tree apart; what is none is named as the option that it came by. */
function flat(tree: unknown, root: string, option = root): FlatTree {
  return flatten(tree, root, (message) => new InvalidInputError(option, message));
}
