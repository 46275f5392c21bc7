import { NeuralOdeError } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * A tensor's numbers, at once.
 *
 * @throws NeuralOdeError where the backend gives them by a promise only
 */
export function numbersOf(tensor: tf.Tensor): Float32Array {
  try {
    return tensor.dataSync<'float32'>();
  } catch (error) {
    if (tensor.isDisposed) throw error;
    throw new NeuralOdeError(
      'backend',
      `The backend does not give a tensor's numbers at once (${(error as Error).message}): take odeintAsync or solveAsync, ` +
        'and for a gradient give odeint the mesh that planMesh finds, with aca or naive.',
    );
  }
}
