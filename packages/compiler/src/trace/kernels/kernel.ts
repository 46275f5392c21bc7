import type * as tf from '@tensorflow/tfjs-core';
import type { Node } from '../../graph/graph.ts';

/** A node and the dtype that tfjs gives the tensor. */
export interface Recorded {
  readonly node: Node;
  readonly dtype: tf.DataType;
}

/** One operation that tfjs asks for. */
export interface Call {
  /** Its operands in order. */
  readonly inputs: readonly Recorded[];
  /** An operand by its name in tfjs. */
  input(name: string): Recorded;
  /** Whether there is such an operand. */
  has(name: string): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own
  readonly attrs: any;
}

/** Records an operation instead of computing it. */
export type Kernel = (call: Call) => Recorded | readonly Recorded[];

/** Kernels by their name in tfjs. */
export type Kernels = Readonly<Record<string, Kernel>>;
