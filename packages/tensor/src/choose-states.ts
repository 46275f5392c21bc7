import { NeuralOdeError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { arrayStates } from './array-states.ts';
import { layoutOf, type Representation } from './representation.ts';
import { tensorStates } from './tensor-states.ts';

/** Backends that keep tensors in memory that JavaScript reads at the cost of a copy. */
const readable = ['cpu', 'wasm', 'tensorflow'];

/** The representation of a tree with these leaves on the current backend. */
export function chooseStates(
  leaves: readonly tf.Tensor[],
  states: 'auto' | 'arrays' | 'tensors' = 'auto',
): Representation<unknown> {
  const layout = layoutOf(leaves);
  const arrays = states === 'arrays' || (states === 'auto' && readable.includes(backendName()));
  return arrays ? arrayStates(layout) : tensorStates(layout);
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
