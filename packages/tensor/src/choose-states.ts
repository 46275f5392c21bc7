import { checkChoice, NeuralOdeError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { arrayStates } from './array-states.ts';
import { stateKernels } from './backend.ts';
import { layoutOf, type Representation } from './representation.ts';
import { tensorStates } from './tensor-states.ts';

/**
 * Up to how many components a state is an array of doubles, where tfjs's operations are what computes on tensors. On cpu
 * arrays are 2 to 8 times faster at every size. On wasm a step of dopri5 with a field that costs nothing took, as arrays
 * and as tensors: 0.12 and 0.7 ms at 100 components, 0.2 and 0.5 at 1e3, 1.4 and 0.7 at 1e4, 14 and 4.6 at 1e5. The limit
 * lies above the crossover, because a field of that many components costs far more than the difference, and arrays are
 * the more accurate.
 */
const largestArray: Readonly<Record<string, number>> = {
  cpu: Number.POSITIVE_INFINITY,
  wasm: 16_384,
  tensorflow: 16_384,
};

/**
 * The same where the backend has kernels for states. On wasm the solve of a field that costs nothing took as arrays 0.7
 * times what it took as tensors at 512 components, 1.2 at 1024, 1.5 at 4096 and 2 at 8192; that of a perceptron with one
 * hidden layer 0.8, 0.9, 1.06 and 1.14, and its gradient by ACA 0.9, 1, 1 and 1.4.
 */
const largestBesideKernels = 4096;

/** Backends on which reading a number waits for all that the GPU has to do yet, or is impossible but by a promise. */
const trusted: readonly string[] = ['webgpu'];

/**
 * The representation of a tree with these leaves on the current backend.
 *
 * @param known whether the steps are known beforehand, so that nothing need be read to choose them
 */
export function chooseStates(
  leaves: readonly tf.Tensor[],
  states: 'auto' | 'arrays' | 'tensors' = 'auto',
  known = false,
): Representation<unknown> {
  checkChoice('states', states, ['auto', 'arrays', 'tensors']);
  const layout = layoutOf(leaves);
  const size = layout.offsets.at(-1) as number;
  const arrays = states === 'auto' ? size <= largest() : states === 'arrays';
  return arrays ? arrayStates(layout) : tensorStates(layout, known && trusted.includes(backendName()));
}

function largest(): number {
  const limit = largestArray[backendName()] ?? -1;
  return stateKernels() ? Math.min(limit, largestBesideKernels) : limit;
}

function backendName(): string {
  try {
    tf.backend();
  } catch (error) {
    throw new NeuralOdeError(
      'backend',
      `No TensorFlow.js backend is running (${(error as Error).message}): await useBackend('auto') first.`,
    );
  }
  return tf.getBackend();
}
