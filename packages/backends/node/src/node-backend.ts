import type { BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { padding } from './explicit-padding.ts';
import { indexing } from './indexing.ts';
import { host, loadTfjsNode } from './load-tfjs-node.ts';
import { replaceKernels } from './repair.ts';

/** What of tfjs-node's backend is used here. */
interface Inside {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/**
 * TensorFlow.js in Node by libtensorflow, as the package `@tensorflow/tfjs-node` brings it: the fastest one for large
 * products and convolutions without a GPU. Its name is tfjs's, `'tensorflow'`.
 */
export const nodeBackend: BackendPart = {
  name: 'tensorflow',
  priority: 15,
  probe: async () => (host() ? undefined : 'it runs in Node alone: take wasm or webgpu here.'),
  async start() {
    const node = host();
    if (!node) throw new Error('it runs in Node alone.');
    if (!tf.findBackendFactory('tensorflow')) await loadTfjsNode(node);
    replaceKernels({ ...padding, ...indexing });
  },
  describe() {
    const { isUsingGpuDevice, binding } = tf.backend() as Inside;
    return {
      device: `${isUsingGpuDevice ? 'GPU' : 'CPU'} by TensorFlow ${binding?.TF_Version ?? 'of unknown version'}`,
    };
  },
};
