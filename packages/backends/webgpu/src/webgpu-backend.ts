import type { BackendOptions, BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, findDevice } from './adapter.ts';
import { findGpu } from './dawn.ts';
import { repairKernels } from './repair-kernels.ts';

/** Options of the webgpu backend. */
export interface WebgpuBackendOptions extends BackendOptions {
  /**
   * Whether tfjs may compute on the CPU with tensors of fewer than 1000 components that are not on the GPU yet, which
   * spares small things the way there. Default true; false where all must run on the GPU, as in a test of it.
   */
  readonly cpuForward?: boolean | undefined;
}

/**
 * TensorFlow.js on the GPU by WebGPU: in browsers, in Deno, and in Node by the npm package `webgpu`. `'auto'` prefers it
 * to all others where there is a GPU, and takes a program that imitates one only where nothing else is registered.
 */
export const webgpuBackend: BackendPart = {
  name: 'webgpu',
  priority: async () => {
    const found = await look();
    return typeof found === 'string' || found.software ? 0 : 20;
  },
  async probe() {
    const found = await look();
    return typeof found === 'string' ? found : undefined;
  },
  async start(options: WebgpuBackendOptions) {
    const found = await look();
    if (typeof found === 'string') throw new Error(found);
    await load();
    repairKernels();
    tf.env().set('WEBGPU_CPU_FORWARD', options.cpuForward ?? true);
    const factory = tf.findBackendFactory('webgpu');
    if (!factory) {
      throw new Error(
        '@tensorflow/tfjs-backend-webgpu was imported before navigator.gpu was there, and so did nothing: leave its ' +
          'import to useBackend.',
      );
    }
    if (!(await tf.setBackend('webgpu')))
      throw new Error(`tfjs could not start it on ${found.name}: ${await why(factory)}`);
    device = found;
    if (found.software) {
      options.warn?.(`webgpu runs on ${found.name}, a program that imitates a GPU: the wasm backend is faster.`);
    }
  },
  describe: () => ({
    device: device?.name,
    software: device?.software,
    memory: (tf.memory() as { numBytesAllocatedInGPU?: number }).numBytesAllocatedInGPU,
  }),
};

let device: Device | undefined;

/** The device to compute on, or why there is none. */
async function look(): Promise<Device | string> {
  try {
    return await findDevice(await findGpu());
  } catch (error) {
    return (error as Error).message;
  }
}

async function load(): Promise<void> {
  try {
    await import('@tensorflow/tfjs-backend-webgpu');
  } catch (error) {
    throw new Error(
      `the package @tensorflow/tfjs-backend-webgpu does not load (${(error as Error).message}): install it.`,
    );
  }
}

/** What tfjs met and does not tell. */
async function why(factory: () => tf.KernelBackend | Promise<tf.KernelBackend>): Promise<string> {
  try {
    (await factory()).dispose();
    return 'it gives no reason.';
  } catch (error) {
    return (error as Error).message;
  }
}
