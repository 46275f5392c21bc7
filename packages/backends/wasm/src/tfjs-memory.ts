import { NeuralOdeError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';

/** What of tfjs's wasm backend is used here; its typings call it private. It has not changed since tfjs 3. */
interface Inside {
  readonly wasm?: {
    readonly HEAPU8?: Uint8Array;
    /** The memory, in the threaded build and in the others. */
    readonly wasmMemory?: unknown;
    readonly asm?: { readonly memory?: unknown };
  };
  readonly dataIdMap?: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput?(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
}

/** The memory in which tfjs's wasm backend keeps tensors. */
export interface TfjsMemory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Where a tensor's numbers lie; a tensor of another backend is moved here. */
  address(tensor: tf.Tensor): number;
  /**
   * A new float32 tensor whose numbers are whatever was there. It belongs to the enclosing tidy.
   *
   * @throws NeuralOdeError when the memory is full
   */
  allocate(shape: readonly number[]): tf.Tensor;
}

/** The memory of a running backend; undefined where its inside is not what is known. */
export function tfjsMemory(backend: tf.KernelBackend): TfjsMemory | undefined {
  const inside = backend as unknown as Inside;
  const memory = inside.wasm?.wasmMemory ?? inside.wasm?.asm?.memory;
  const { dataIdMap } = inside;
  if (!(memory instanceof WebAssembly.Memory) || memory.buffer !== inside.wasm?.HEAPU8?.buffer) return undefined;
  if (typeof dataIdMap?.get !== 'function' || typeof inside.makeOutput !== 'function') return undefined;
  const address = ({ dataId }: tf.Tensor) => dataIdMap.get(dataId).memoryOffset;
  return {
    memory,
    shared: !(memory.buffer instanceof ArrayBuffer),
    address,
    allocate(shape) {
      const info = (inside as Required<Inside>).makeOutput(shape, 'float32');
      const tensor = tf.engine().makeTensorFromTensorInfo(info, backend);
      if (address(tensor) !== 0) return tensor;
      // tfjs does not look at what its malloc returns, and would compute on the memory's first bytes.
      const { size } = tensor;
      tensor.dispose();
      throw new NeuralOdeError(
        'memory',
        `TensorFlow.js has no memory left for a state of ${size} components on wasm, which holds 4 GiB at most: dispose ` +
          'tensors that are not needed, or solve in smaller batches.',
      );
    },
  };
}
