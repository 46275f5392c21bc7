import type { BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js in plain JavaScript: runs everywhere, starts at once, and needs no file; for small states and as the
 * reference of the others.
 */
export const cpuBackend: BackendPart = {
  name: 'cpu',
  priority: 1,
  probe: async () => undefined,
  async start() {
    if (tf.findBackend('cpu')) return;
    silenceHint();
    await import('@tensorflow/tfjs-backend-cpu');
  },
  describe: () => ({ simd: false, threads: 1 }),
};

/** Keeps the backend from recommending tfjs-node on the console at its first operation. */
function silenceHint(): void {
  tf.env().set('IS_NODE', tf.env().get('IS_NODE') as boolean);
}
