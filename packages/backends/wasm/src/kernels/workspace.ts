import { type ModuleBuilder, probeFeatures } from '@neural-ode/assembler';
import type * as tf from '@tensorflow/tfjs-core';
import { instantiate } from '../own-module.ts';
import { type TfjsMemory, tfjsMemory } from '../tfjs-memory.ts';

/** What kernels of ours work with on one backend. */
export interface Workspace extends TfjsMemory {
  /** The exports of a module, which is made when it is first asked for. */
  module<T>(name: string, emit: (module: ModuleBuilder) => void): T;
  /** Where memory of so many bytes begins that is allocated once for this name, zero in the beginning, and never freed. */
  scratch(name: string, bytes: number): number;
  /** Frees a tensor that a kernel made on its way. */
  release(tensor: tf.TensorInfo): void;
  /** The memory as integers, good until something is allocated. */
  integers(): Int32Array;
}

const made = new WeakMap<tf.KernelBackend, Workspace | undefined>();

/**
 * The workspace of a backend; undefined where the engine has no SIMD, may not compile modules, or the backend is not as
 * expected inside: tfjs's kernels stay in use there.
 */
export function workspaceOf(backend: tf.KernelBackend): Workspace | undefined {
  if (!made.has(backend)) made.set(backend, connect(backend));
  return made.get(backend);
}

function connect(backend: tf.KernelBackend): Workspace | undefined {
  const tfjs = probeFeatures().simd ? tfjsMemory(backend) : undefined;
  if (!tfjs) return undefined;
  try {
    instantiate(tfjs, () => undefined);
  } catch {
    return undefined;
  }
  const modules = new Map<string, unknown>();
  const scratches = new Map<string, number>();
  let integers = new Int32Array(tfjs.memory.buffer);
  return {
    ...tfjs,
    module<T>(name: string, emit: (module: ModuleBuilder) => void): T {
      if (!modules.has(name)) modules.set(name, instantiate(tfjs, emit));
      return modules.get(name) as T;
    },
    scratch(name, bytes) {
      const known = scratches.get(name);
      if (known !== undefined) return known;
      const address = tfjs.address(tfjs.output([Math.ceil(bytes / 4)]));
      new Uint8Array(tfjs.memory.buffer, address >>> 0, bytes).fill(0);
      scratches.set(name, address);
      return address;
    },
    release: ({ dataId }) => {
      backend.disposeData(dataId);
    },
    integers() {
      if (integers.buffer !== tfjs.memory.buffer) integers = new Int32Array(tfjs.memory.buffer);
      return integers;
    },
  };
}
