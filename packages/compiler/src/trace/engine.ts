import { customOp, offTape } from '@neural-ode/tensor/internal';
import * as tf from '@tensorflow/tfjs-core';

/** What of tfjs's engine is used here; its typings call part of it private. It has not changed since tfjs 2. */
interface Engine {
  backendName: string | null;
  backendInstance: unknown;
  readonly state: {
    profiling: boolean;
    readonly registeredVariables: Readonly<Record<string, tf.Variable>>;
    readonly tensorInfo: WeakMap<object, { readonly backend: { readSync(dataId: object): ArrayLike<number> } }>;
  };
  makeTensorFromTensorInfo(info: tf.TensorInfo, backend: unknown): tf.Tensor;
  readSync(dataId: object): ArrayLike<number>;
  read(dataId: object): Promise<ArrayLike<number>>;
}

/** tfjs's engine. */
export function engine(): Engine {
  return tf.engine() as unknown as Engine;
}

/** What stands in for parts of the engine. */
export interface Stand {
  /** For `tf.getBackend` and the look-up of kernels. */
  readonly name: string;
  readonly backend: tf.KernelBackend;
  /** Called before values are read synchronously or asynchronously; throws when they must not be. */
  reads(dataId: object): void;
  /** Told of an asynchronous read that must not be, whose promise is then never settled. */
  failed(error: unknown): void;
}

/**
 * Runs `f` on another backend, as if no gradient and no kernel were under way, and puts everything back, also when it
 * throws. What tensors it made are disposed.
 */
// The backend is put in by hand: `setBackend` sets up all kernels of a backend again, and a registered one could become
// the default.
export function onBackend<T>({ name, backend, reads, failed }: Stand, f: () => T): T {
  const tfEngine = engine();
  const { state, backendName, backendInstance } = tfEngine;
  const { profiling } = state;
  const { flags } = tf.env() as unknown as { flags: Record<string, unknown> };
  const debug = flags.DEBUG;
  const { readSync, read } = tfEngine;
  const nested = Object.hasOwn(tfEngine, 'readSync');
  Object.assign(tfEngine, {
    backendName: name,
    backendInstance: backend,
    readSync(dataId: object) {
      reads(dataId);
      return readSync.call(tfEngine, dataId);
    },
    read(dataId: object) {
      try {
        reads(dataId);
        return read.call(tfEngine, dataId);
      } catch (error) {
        // A rejection that nobody handles would end the process.
        failed(error);
        return new Promise(() => {});
      }
    },
  });
  state.profiling = false;
  // Debugging reads what every kernel returns.
  if (debug) flags.DEBUG = false;
  try {
    return offTape(() => tf.tidy(f as () => tf.TensorContainer) as T);
  } finally {
    if (debug) flags.DEBUG = debug;
    state.profiling = profiling;
    Object.assign(tfEngine, { backendName, backendInstance });
    if (nested) Object.assign(tfEngine, { readSync, read });
    else for (const name of ['readSync', 'read']) Reflect.deleteProperty(tfEngine, name);
  }
}

/** The values of a tensor, read where it lies; undefined where its backend cannot read synchronously. */
export function readOutside({ dataId }: tf.Tensor): ArrayLike<number> | undefined {
  try {
    return engine().state.tensorInfo.get(dataId)?.backend.readSync(dataId);
  } catch {
    return undefined;
  }
}

/** A scalar whose gradient with respect to each of `out` is that of `dys`: the engine starts from one output only. */
export function joined(out: readonly tf.Tensor[], dys: readonly tf.Tensor[]): tf.Tensor {
  // Clones, since the engine disposes a cotangent when it adds another to it.
  const copies = () => dys.map((dy) => dy.clone());
  return customOp(out, () => [tf.scalar(0)], copies)[0] as tf.Tensor;
}
