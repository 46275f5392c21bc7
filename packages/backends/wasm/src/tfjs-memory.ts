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
  makeOutput?(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
}

/** The memory in which tfjs's wasm backend keeps tensors. */
export interface TfjsMemory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Where a tensor's numbers lie; a tensor of another backend is moved here. */
  address(tensor: tf.TensorInfo): number;
  /**
   * A new float32 tensor whose numbers are whatever was there. It belongs to the enclosing tidy.
   *
   * @throws NeuralOdeError when the memory is full
   */
  allocate(shape: readonly number[]): tf.Tensor;
  /**
   * The same as a kernel returns it, which tfjs makes a tensor of.
   *
   * @throws NeuralOdeError when the memory is full
   */
  output(shape: readonly number[], dtype?: 'float32' | 'int32' | 'bool'): tf.TensorInfo;
}

/** The memory of a running backend; undefined where its inside is not what is known. */
export function tfjsMemory(backend: tf.KernelBackend): TfjsMemory | undefined {
  const inside = backend as unknown as Inside;
  const memory = inside.wasm?.wasmMemory ?? inside.wasm?.asm?.memory;
  const { dataIdMap } = inside;
  if (!(memory instanceof WebAssembly.Memory) || memory.buffer !== inside.wasm?.HEAPU8?.buffer) return undefined;
  if (typeof dataIdMap?.get !== 'function' || typeof inside.makeOutput !== 'function') return undefined;
  const address = ({ dataId }: tf.TensorInfo) => dataIdMap.get(dataId).memoryOffset;
  const output: TfjsMemory['output'] = (shape, dtype = 'float32') => {
    const info = (inside as Required<Inside>).makeOutput(shape, dtype);
    if (address(info) !== 0) return info;
    // tfjs does not look at what its malloc returns, and would compute on the memory's first bytes.
    backend.disposeData(info.dataId, true);
    throw new NeuralOdeError(
      'memory',
      `TensorFlow.js has no memory left for a tensor of ${tf.util.sizeFromShape([...shape])} components on wasm, which ` +
        'holds 4 GiB at most: dispose tensors that are not needed, or compute in smaller batches.',
    );
  };
  return {
    memory,
    shared: !(memory.buffer instanceof ArrayBuffer),
    address,
    allocate: (shape) => tf.engine().makeTensorFromTensorInfo(output(shape), backend),
    output,
  };
}
