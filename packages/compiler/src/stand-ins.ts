import { InvalidInputError, type Numbers } from '@neural-ode/core';
import type { TensorTree } from '@neural-ode/tensor';
import { type FlatTree, flatten, unflatten } from '@neural-ode/tensor/internal';
import * as tf from '@tensorflow/tfjs-core';

/** Tensors to trace a field on, and what is checked when it is solved. */
export interface StandIns {
  /** The state; of a field whose samples have steps of their own one sample. */
  readonly y: unknown;
  /** Two samples, where f is given a batch of them. */
  readonly pair: unknown;
  /** Whether states are batches of what is compiled. */
  readonly batched: boolean;
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

/** @throws InvalidInputError when there is no example of a state */
export function standIns(options: {
  readonly example: TensorTree | Numbers;
  readonly args?: unknown;
  readonly ownSteps?: boolean;
}): StandIns {
  const { example, args, ownSteps = false } = options;
  const made: tf.Tensor[] = [];
  const make = (tensor: tf.Tensor) => {
    made.push(tensor);
    return tensor;
  };
  const zeros = (shape: readonly number[]) => make(tf.tidy(() => tf.zeros([...shape])));
  /** So many samples in place of those of the example. */
  const samples = (count: number) => {
    const { structure, leaves } = flat(example, 'example');
    const batch = leaves.map(({ shape }) => {
      if (shape.length > 0) return zeros([count, ...shape.slice(1)]);
      throw new InvalidInputError(
        'example',
        'example holds a scalar, which is no batch of samples: with ownSteps the first axis of every leaf is the batch.',
      );
    });
    return unflatten(structure, batch);
  };
  const numbers = isNumbers(example);
  const y = numbers ? zeros([example.length]) : ownSteps ? samples(1) : example;
  const pair = ownSteps && !numbers ? samples(2) : undefined;
  const { leaves: yLeaves, paths: yPaths } = flat(y, 'y0', 'example');
  if (yLeaves.length === 0) {
    throw new InvalidInputError('example', 'example holds no tensor: give a state such as y0, in tensors or numbers.');
  }
  const given = args === undefined ? undefined : flat(args, 'args');
  const copies = given?.leaves.map((leaf) => make(tf.tidy(() => leaf.clone())));
  return {
    y,
    pair,
    batched: ownSteps,
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

function isNumbers(example: TensorTree | Numbers): example is Numbers {
  return example instanceof Float64Array || (Array.isArray(example) && typeof example[0] === 'number');
}

/** Takes a tree apart; what is none is named as the option that it came by. */
function flat(tree: unknown, root: string, option = root): FlatTree {
  return flatten(tree, root, (message) => new InvalidInputError(option, message));
}
