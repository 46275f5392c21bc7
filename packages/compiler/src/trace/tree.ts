import * as tf from '@tensorflow/tfjs-core';

/** The tensors of a nesting of arrays and records, in order. */
export function leavesOf(tree: unknown): tf.Tensor[] {
  if (tree instanceof tf.Tensor) return [tree];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.values(tree).flatMap(leavesOf);
}

/** The same nesting with other tensors. */
export function withLeaves(tree: unknown, leaves: Iterator<tf.Tensor>): unknown {
  if (tree instanceof tf.Tensor) return leaves.next().value;
  if (Array.isArray(tree)) return tree.map((item) => withLeaves(item, leaves));
  const entries = Object.entries(tree as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, item]) => [key, withLeaves(item, leaves)]));
}

/** The leaves of a tree that must be nested like another; undefined when it is not. */
export function leavesLike(like: unknown, tree: unknown): tf.Tensor[] | undefined {
  if (like instanceof tf.Tensor) return tree instanceof tf.Tensor ? [tree] : undefined;
  if (typeof tree !== 'object' || tree === null || tree instanceof tf.Tensor) return undefined;
  const keys = Object.keys(like as object);
  if (Array.isArray(tree) !== Array.isArray(like) || Object.keys(tree).length !== keys.length) return undefined;
  const lists = keys.map((key) =>
    leavesLike((like as Record<string, unknown>)[key], (tree as typeof like & {})[key as never]),
  );
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}
