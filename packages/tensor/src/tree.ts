import * as tf from '@tensorflow/tfjs-core';

/** Tensors in any nesting of arrays and records: the state of a tensor solve, or the arguments of its field. */
export type TensorTree = tf.Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** The same nesting, its leaves tensors of any rank. */
// Not distributive: a compiler that infers through a distributive one expands tensors without end.
export type Like<Y> = [Y] extends [tf.Tensor] ? tf.Tensor : { [K in keyof Y]: Like<Y[K]> };

/** The nesting of a tree without its tensors. */
export type Structure =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'array'; readonly items: readonly Structure[] }
  | { readonly kind: 'record'; readonly keys: readonly string[]; readonly items: readonly Structure[] };

/** A tree taken apart. */
export interface FlatTree {
  readonly leaves: tf.Tensor[];
  /** Where each leaf lies, as `y.position[1]`. */
  readonly paths: string[];
  readonly structure: Structure;
}

/**
 * Takes a tree apart, leaves in order.
 *
 * @param root what the tree is called in paths and messages
 * @param fail makes the error for what is no tree
 */
export function flatten(tree: unknown, root: string, fail: (message: string) => Error): FlatTree {
  const leaves: tf.Tensor[] = [];
  const paths: string[] = [];
  const visit = (node: unknown, path: string): Structure => {
    if (node instanceof tf.Tensor) {
      leaves.push(alive(node, path, fail));
      paths.push(path);
      return { kind: 'leaf' };
    }
    if (Array.isArray(node)) return { kind: 'array', items: node.map((item, n) => visit(item, `${path}[${n}]`)) };
    if (isRecord(node)) {
      const keys = Object.keys(node);
      return { kind: 'record', keys, items: keys.map((key) => visit(node[key], `${path}.${key}`)) };
    }
    throw fail(`${path} is ${describe(node)}: give a tensor, or an array or record of tensors.`);
  };
  return { structure: visit(tree, root), leaves, paths };
}

/** The leaves of a tree that must have a given structure; a record's keys may come in any order. */
export function flattenLike(
  structure: Structure,
  tree: unknown,
  root: string,
  fail: (message: string) => Error,
): tf.Tensor[] {
  const leaves: tf.Tensor[] = [];
  const visit = (expected: Structure, node: unknown, path: string): void => {
    const wanted = (what: string) => fail(`${path} is ${describe(node)} where ${what} is due.`);
    if (expected.kind === 'leaf') {
      if (!(node instanceof tf.Tensor)) throw wanted('a tensor');
      leaves.push(alive(node, path, fail));
    } else if (expected.kind === 'array') {
      const { items } = expected;
      if (!Array.isArray(node) || node.length !== items.length) throw wanted(`an array of length ${items.length}`);
      items.forEach((item, n) => {
        visit(item, node[n], `${path}[${n}]`);
      });
    } else {
      const { keys, items } = expected;
      if (!isRecord(node) || Object.keys(node).length !== keys.length || !keys.every((key) => key in node)) {
        throw wanted(`a record with the keys ${keys.join(', ')}`);
      }
      keys.forEach((key, n) => {
        visit(items[n] as Structure, node[key], `${path}.${key}`);
      });
    }
  };
  visit(structure, tree, root);
  return leaves;
}

/** Puts a tree together. */
export function unflatten(structure: Structure, leaves: readonly tf.Tensor[]): TensorTree {
  let next = 0;
  const build = (node: Structure): TensorTree => {
    if (node.kind === 'leaf') return leaves[next++] as tf.Tensor;
    if (node.kind === 'array') return node.items.map(build);
    return Object.fromEntries(node.keys.map((key, n) => [key, build(node.items[n] as Structure)]));
  };
  return build(structure);
}

function alive(tensor: tf.Tensor, path: string, fail: (message: string) => Error): tf.Tensor {
  if (tensor.isDisposed) throw fail(`${path} is disposed: keep it alive until the solve has ended.`);
  return tensor;
}

function isRecord(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof tf.Tensor);
}

function describe(node: unknown): string {
  if (node instanceof tf.Tensor) return `a tensor of shape [${node.shape}]`;
  if (node instanceof Promise) return 'a promise';
  if (Array.isArray(node)) return `an array of length ${node.length}`;
  if (isRecord(node)) return `a record with the keys ${Object.keys(node).join(', ') || '(none)'}`;
  return typeof node === 'object' || node === undefined ? String(node) : `a ${typeof node}`;
}
