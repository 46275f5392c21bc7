import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../graph/build.ts';
import { type Node, nodesOf } from '../graph/graph.ts';
import { knownValue } from '../graph/values.ts';
import { CompileError } from './compile-error.ts';
import { meantDoubles } from './decimals.ts';
import { engine } from './engine.ts';
import type { Kernel, Recorded } from './kernels/kernel.ts';
import { kernels } from './kernels/kernels.ts';
import type { Literals } from './literals.ts';

/** What the tracing backend is called. It is in no list of backends, so it is never chosen by tfjs itself. */
export const traceBackendName = 'neural-ode-trace';

/** What a trace tells the backend. */
export interface Recording {
  /** The node of a tensor that was made outside of the trace. */
  outside(tensor: tf.Tensor): Node;
  /** The doubles that were written; absent to take float32 values as they are. */
  readonly literals: Literals | undefined;
}

/** A backend whose data are nodes of a graph: nothing is computed, and no other backend's data are ever moved to it. */
class TraceBackend extends tf.KernelBackend {
  readonly #data = new WeakMap<object, Recorded & { references: number }>();
  #recording: Recording | undefined;

  /** Records for one trace until the function returned is called. */
  record(recording: Recording): () => void {
    const before = this.#recording;
    this.#recording = recording;
    return () => {
      this.#recording = before;
    };
  }

  add(node: Node, dtype: tf.DataType): object {
    const dataId = {};
    this.#data.set(dataId, { node, dtype, references: 1 });
    return dataId;
  }

  nodeOf(tensor: tf.TensorInfo): Node {
    const known = this.#data.get(tensor.dataId)?.node;
    if (known) return known;
    if (!this.#recording) throw new Error('The tracing backend has no trace under way.');
    return this.#recording.outside(tensor as tf.Tensor);
  }

  override write(given: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (dtype === 'string' || dtype === 'complex64') {
      throw new CompileError(
        dtype,
        `The field makes a tensor of dtype ${dtype}, which cannot be compiled: use float32.`,
      );
    }
    const values = given as ArrayLike<number>;
    const literals = dtype === 'float32' ? this.#recording?.literals : undefined;
    return this.add(constant(literals ? (literals.doublesOf(values) ?? meantDoubles(values)) : values, shape), dtype);
  }

  /** A tensor that f keeps may be read after the trace: a constant has a value then too. */
  override readSync(dataId: object): Float32Array | Int32Array | Uint8Array {
    const data = this.#data.get(dataId);
    if (data && nodesOf([data.node]).every(({ op }) => op !== 'input')) {
      const values = knownValue(data.node);
      if (data.dtype === 'int32') return Int32Array.from(values);
      return data.dtype === 'bool' ? Uint8Array.from(values) : Float32Array.from(values);
    }
    throw new CompileError(
      'dataSync',
      'The field reads the values of a tensor that depends on t, y or args (dataSync, arraySync, data, print), ' +
        'which are not known when it is compiled: compute with operations, as tf.where.',
    );
  }

  override async read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    const data = this.#data.get(dataId);
    if (!data) return true;
    data.references--;
    return force || data.references <= 0;
  }

  override refCount(dataId: object): number {
    return this.#data.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: object): void {
    const data = this.#data.get(dataId);
    if (data) data.references++;
  }

  override numDataIds(): number {
    return 0;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

let made: TraceBackend | undefined;

/** The tracing backend, its kernels registered with the first call. */
export function traceBackend(): TraceBackend {
  if (made) return made;
  const backend = new TraceBackend();
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    // Another copy of this package may have registered the same.
    if (tf.getKernel(kernelName, traceBackendName)) continue;
    tf.registerKernel({ kernelName, backendName: traceBackendName, kernelFunc: recording(kernel) });
  }
  made = backend;
  return backend;
}

function recording(kernel: Kernel): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const to = backend as TraceBackend;
    const recorded = (tensor: tf.TensorInfo): Recorded => ({ node: to.nodeOf(tensor), dtype: tensor.dtype });
    const has = (name: string) => inputs[name] !== undefined && inputs[name] !== null;
    const result = kernel({
      inputs: Object.keys(inputs)
        .filter(has)
        .map((name) => recorded(inputs[name] as tf.TensorInfo)),
      input: (name) => recorded(inputs[name] as tf.TensorInfo),
      has,
      attrs: attrs ?? {},
    });
    const info = ({ node, dtype }: Recorded) => ({ dataId: to.add(node, dtype), shape: [...node.shape], dtype });
    return 'node' in result ? info(result) : result.map(info);
  };
}

/** A tensor that stands for a node. */
export function symbol(node: Node): tf.Tensor {
  const backend = traceBackend();
  const info: tf.TensorInfo = { dataId: backend.add(node, 'float32'), shape: [...node.shape], dtype: 'float32' };
  return engine().makeTensorFromTensorInfo(info, backend);
}
