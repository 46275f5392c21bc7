import { InvalidInputError, type Numbers } from '@neural-ode/core';
import type { TensorTree } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { leavesOf, withLeaves } from './trace/tree.ts';

/** Tensors to trace a field on, and what is checked when it is solved. */
export interface StandIns {
  readonly y: unknown;
  /** A copy of the arguments, so that a tensor which the field also captures is another parameter. */
  readonly args: unknown;
  /** The leaves of the state and of the arguments as they were given. */
  readonly yLeaves: readonly tf.Tensor[];
  readonly argsLeaves: readonly tf.Tensor[];
  /** Where they lie, as `y0.position[1]`. */
  readonly yPaths: readonly string[];
  readonly argsPaths: readonly string[];
  dispose(): void;
}

/** @throws InvalidInputError when there is no example of a state */
export function standIns(options: { readonly example: TensorTree | Numbers; readonly args?: unknown }): StandIns {
  const { example, args } = options;
  const made: tf.Tensor[] = [];
  const make = (tensor: tf.Tensor) => {
    made.push(tensor);
    return tensor;
  };
  const y = isNumbers(example) ? make(tf.tidy(() => tf.zeros([example.length]))) : example;
  const yLeaves = leavesOf(y);
  if (yLeaves.length === 0) {
    throw new InvalidInputError('example', 'example holds no tensor: give a state such as y0, in tensors or numbers.');
  }
  const argsLeaves = leavesOf(args);
  const copies = argsLeaves.map((leaf) => make(tf.tidy(() => leaf.clone())));
  return {
    y,
    args: args === undefined ? undefined : withLeaves(args, copies[Symbol.iterator]()),
    yLeaves,
    argsLeaves,
    yPaths: pathsOf(y, 'y0'),
    argsPaths: pathsOf(args, 'args'),
    dispose() {
      for (const tensor of made) tensor.dispose();
    },
  };
}

function isNumbers(example: TensorTree | Numbers): example is Numbers {
  return example instanceof Float64Array || (Array.isArray(example) && typeof example[0] === 'number');
}

function pathsOf(tree: unknown, path: string): string[] {
  if (tree instanceof tf.Tensor) return [path];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, item]) =>
    pathsOf(item, Array.isArray(tree) ? `${path}[${key}]` : `${path}.${key}`),
  );
}
