import { NeuralOdeError } from '@neural-ode/core';

/** A field does something that cannot be compiled. */
export class CompileError extends NeuralOdeError {
  /** What it is, as a tfjs kernel or as `'dataSync'`. */
  readonly operation: string;

  /** @param message what, why, and what would do instead */
  constructor(operation: string, message: string) {
    super('compile', message);
    this.operation = operation;
  }
}

const remedies: Readonly<Record<string, string>> = {
  Multinomial: 'draw random numbers outside of the field and pass them in args',
  RandomUniform: 'draw random numbers outside of the field and pass them in args',
  ArgMax: 'compare with tf.max instead',
  ArgMin: 'compare with tf.min instead',
  TopK: 'order the values outside of the field',
  Where: 'use tf.where with three arguments, whose result has a shape known beforehand',
};

/** For a kernel that has no counterpart in the graph. */
export function unsupported(kernel: string): CompileError {
  const convolves = /Conv|Pool|Dilation|LRN|CropAndResize|ResizeBilinear/.test(kernel);
  const remedy =
    remedies[kernel] ??
    (convolves ? 'solve fields on images with a tfjs backend' : 'write it with other operations, or solve uncompiled');
  return new CompileError(kernel, `The field uses the operation ${kernel}, which cannot be compiled: ${remedy}.`);
}
