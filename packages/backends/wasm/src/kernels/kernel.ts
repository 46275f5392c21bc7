import type * as tf from '@tensorflow/tfjs-core';
import type { Workspace } from './workspace.ts';

/** The attributes of an operation, as its kernel reads them. */
// biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own
export type Attributes = any;

/** The inputs of an operation by name; some may be absent. */
export type Inputs = Readonly<Record<string, tf.TensorInfo>>;

/** A kernel of our own. */
export interface OwnKernel {
  readonly kernelName: string;
  /** The output; undefined for inputs that are left to tfjs's kernel, which may be called with other attributes, too. */
  readonly compute: (
    inputs: Inputs,
    attributes: Attributes,
    workspace: Workspace,
    stock?: (attributes: Attributes) => tf.TensorInfo,
  ) => tf.TensorInfo | undefined;
}

/** Whether all are float32. */
export function areFloats(...tensors: readonly (tf.TensorInfo | undefined)[]): boolean {
  return tensors.every((tensor) => tensor === undefined || tensor.dtype === 'float32');
}

/** Sets a tensor's numbers to zero. */
export function clear(workspace: Workspace, tensor: tf.TensorInfo): tf.TensorInfo {
  const size = tensor.shape.reduce((product, n) => product * n, 1);
  new Uint8Array(workspace.memory.buffer, workspace.address(tensor) >>> 0, 4 * size).fill(0);
  return tensor;
}
