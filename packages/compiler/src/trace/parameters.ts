import * as tf from '@tensorflow/tfjs-core';
import { constant, input } from '../graph/build.ts';
import type { InputNode, Node, Shape } from '../graph/graph.ts';
import { meantDoubles } from './decimals.ts';
import { readOutside } from './engine.ts';

/** A tensor from outside that a field reads. Its values are an input of the programs, and read again at each solve. */
export interface TracedParameter {
  /** A leaf of args, a `tf.Variable`, or any other tensor made before the call. */
  readonly source: 'argument' | 'variable' | 'captured';
  /** As `args[1]`, the variable's own name, or `captured[0]`. */
  readonly name: string;
  readonly shape: Shape;
  readonly tensor: tf.Tensor;
  /** Whether it has a cotangent; the others' is zero. */
  readonly differentiated: boolean;
}

/** Which tensors from outside become inputs, and which constants. */
export class Parameters {
  readonly list: TracedParameter[] = [];
  readonly inputs: InputNode[] = [];
  readonly #nodes = new Map<number, Node>();
  readonly #embed: boolean;
  readonly #decimals: boolean;

  constructor(args: readonly tf.Tensor[], embed: boolean, decimals: boolean) {
    this.#embed = embed;
    this.#decimals = decimals;
    args.forEach((tensor, n) => {
      if (!this.#nodes.has(tensor.id)) this.#add(tensor, 'argument', `args[${n}]`);
    });
  }

  /** The node of a tensor from outside: a new one when it is met for the first time. */
  nodeOf(tensor: tf.Tensor): Node {
    const known = this.#nodes.get(tensor.id);
    if (known) return known;
    if (tensor instanceof tf.Variable) return this.#add(tensor, 'variable', tensor.name);
    // A tensor's own values never change, and an index is best known now.
    const values = this.#embed || tensor.dtype !== 'float32' ? readOutside(tensor) : undefined;
    if (values) {
      const floating = tensor.dtype === 'float32' && this.#decimals;
      const node = constant(floating ? meantDoubles(values) : values, tensor.shape);
      this.#nodes.set(tensor.id, node);
      return node;
    }
    const count = this.list.filter(({ source }) => source === 'captured').length;
    return this.#add(tensor, 'captured', `captured[${count}]`);
  }

  /** Whether the values are those of a parameter that may have others at the next solve. */
  varies(dataId: object): boolean {
    return this.list.some(({ source, tensor }) => source === 'argument' && tensor.dataId === dataId);
  }

  #add(tensor: tf.Tensor, source: TracedParameter['source'], name: string): Node {
    const node = input('parameter', this.inputs.length, tensor.shape);
    const differentiated = tensor.dtype === 'float32' && (!(tensor instanceof tf.Variable) || tensor.trainable);
    this.#nodes.set(tensor.id, node);
    this.inputs.push(node);
    this.list.push({ source, name, shape: tensor.shape, tensor, differentiated });
    return node;
  }
}
