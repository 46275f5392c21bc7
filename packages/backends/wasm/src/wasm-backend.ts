import type { BackendOptions, BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { completeKernels } from './complete-kernels.ts';
import { replaceKernels } from './kernels/replace.ts';
import { withoutListeners } from './process-listeners.ts';
import { stateKernelsOf } from './state-kernels.ts';
import { checkBinary, installedFolder, normalized, type WasmPaths } from './wasm-file.ts';

/** Options of the wasm backend. */
export interface WasmBackendOptions extends BackendOptions {
  /** Where the `.wasm` files lie. Default in Node, Deno and Bun: in the npm package; needed in browsers and bundles. */
  readonly wasmPaths?: WasmPaths | undefined;
}

/** TensorFlow.js compiled to WebAssembly: the fast one wherever there is no GPU to use. */
export const wasmBackend: BackendPart = {
  name: 'wasm',
  priority: 10,
  probe: async () =>
    typeof WebAssembly === 'object' ? undefined : 'this runtime has no WebAssembly: use the cpu backend.',
  async start(options: WasmBackendOptions) {
    const { setWasmPaths } = await load();
    completeKernels();
    replaceKernels();
    if (isRunning()) return;
    const paths = options.wasmPaths === undefined ? installedFolder() : normalized(options.wasmPaths);
    if (paths !== undefined) {
      await checkBinary(paths, await binaryName());
      setWasmPaths(paths as Parameters<typeof setWasmPaths>[0]);
    }
    const ready = await withoutListeners(() => tf.setBackend('wasm'));
    if (!ready)
      throw new Error(`tfjs could not start it with the binaries in ${JSON.stringify(paths ?? 'its own folder')}.`);
  },
  describe: () => ({ simd: tf.env().get('WASM_HAS_SIMD_SUPPORT') as boolean, threads: threadCount() }),
  stateKernels: () => stateKernelsOf(tf.backend()),
};

let threadCount: () => number = () => 1;

async function load(): Promise<typeof import('@tensorflow/tfjs-backend-wasm')> {
  try {
    const tfjs = await import('@tensorflow/tfjs-backend-wasm');
    threadCount = () => Math.max(1, tfjs.getThreadsCount());
    return tfjs;
  } catch (error) {
    throw new Error(
      `the package @tensorflow/tfjs-backend-wasm does not load (${(error as Error).message}): install it.`,
    );
  }
}

/** Whether tfjs has it ready; asking tfjs itself would start it. */
function isRunning(): boolean {
  return tf.engine().registry.wasm !== undefined;
}

/** The binary that tfjs is going to load. */
async function binaryName(): Promise<string> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threads = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  return `tfjs-backend-wasm${simd ? (threads ? '-threaded-simd' : '-simd') : ''}.wasm`;
}
