import type { BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js in plain JavaScript: it runs everywhere, starts at once and needs no file. For small states, and as the
 * reference of the others.
 */
export const cpuBackend: BackendPart = {
  name: 'cpu',
  priority: 1,
  probe: async () => undefined,
  async start() {
    await import('@tensorflow/tfjs-backend-cpu');
    // At its first operation in Node it would print a recommendation of tfjs-node.
    const backend = tf.findBackend('cpu') as unknown as { firstUse?: boolean } | null;
    if (backend) backend.firstUse = false;
  },
  describe: () => ({ device: 'CPU', simd: false, relaxedSimd: false, threads: 1 }),
};
