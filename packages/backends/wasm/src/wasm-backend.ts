import { probeFeatures } from '@neural-ode/assembler';
import type { BackendOptions, BackendPart } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { BinaryName } from './bundled-files.ts';
import { completeKernels } from './complete-kernels.ts';
import { guard } from './guards.ts';
import { replaceKernels } from './kernels/replace.ts';
import { withoutListeners } from './process-listeners.ts';
import { stateKernelsOf } from './state-kernels.ts';
import { tfjsMemory } from './tfjs-memory.ts';
import type { TfjsModule } from './tfjs-module.ts';
import { mostThreads, startThreaded, threadsReason } from './threaded-module.ts';
import { findBinary, isRemote, type WasmPaths } from './wasm-file.ts';

/** Options of the wasm backend. */
export interface WasmBackendOptions extends BackendOptions {
  /**
   * Where the `.wasm` files lie. Default: in the npm package in Node, Deno and Bun; in a page where its bundler has put them,
   * beside the page, or under `/node_modules`.
   */
  readonly wasmPaths?: WasmPaths | undefined;
  /**
   * How many threads compute, the caller's included; tfjs has 8 at most. Default: 1, or what it runs with already. They can be
   * chosen by the first start only.
   */
  readonly threads?: number | undefined;
}

/** TensorFlow.js compiled to WebAssembly: the fast one wherever there is no GPU to use. */
export const wasmBackend: BackendPart = {
  name: 'wasm',
  priority: 10,
  async probe() {
    if (typeof WebAssembly !== 'object') return 'this runtime has no WebAssembly: use the cpu backend.';
    try {
      new WebAssembly.Module(emptyModule);
      return undefined;
    } catch {
      return (
        "this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src, or use the cpu " +
        'backend.'
      );
    }
  },
  start(options: WasmBackendOptions) {
    const started = starting.then(() => start(options));
    starting = started.catch(() => {});
    return started;
  },
  describe() {
    const { simd, relaxedSimd } = probeFeatures();
    const backend = running() as Running;
    return {
      simd,
      relaxedSimd,
      threads: threadCount(backend.wasm),
      memory: tfjsMemory(backend)?.memory.buffer.byteLength,
    };
  },
  stateKernels: () => stateKernelsOf(tf.backend()),
};

/** The last start, which the next waits for: there may be one backend only. */
let starting: Promise<void> = Promise.resolve();

async function start(options: WasmBackendOptions): Promise<void> {
  const threads = chosenThreads(options);
  const tfjs = await load();
  completeKernels();
  replaceKernels();
  if (!running()) await (threads > 1 ? startMany(tfjs, threads, options) : startOne(tfjs, options));
  const module = (running() as Running).wasm;
  guard(module);
  const count = threadCount(module);
  if (options.threads === undefined || threads === count) return;
  throw new Error(
    `it runs with threads: ${count} already: ask for ${threads} where it is started first, or end it by ` +
      "tf.removeBackend('wasm'), which loses its tensors.",
  );
}

const emptyModule = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

type Tfjs = typeof import('@tensorflow/tfjs-backend-wasm');

/** How tfjs itself starts: kept, since ending the backend makes tfjs forget it. */
let factory: ReturnType<typeof tf.findBackendFactory> | undefined;
const tfjsPriority = 2;

async function load(): Promise<Tfjs> {
  try {
    const tfjs = await import('@tensorflow/tfjs-backend-wasm');
    factory ??= tf.findBackendFactory('wasm');
    return tfjs;
  } catch (error) {
    throw new Error(
      `the package @tensorflow/tfjs-backend-wasm does not load (${(error as Error).message}): install it.`,
    );
  }
}

type Running = tf.KernelBackend & { readonly wasm: TfjsModule };

/** The backend that is ready, whoever started it; asking tfjs itself would start it. */
function running(): Running | undefined {
  return tf.engine().registry.wasm as Running | undefined;
}

function threadCount({ tfjs }: TfjsModule): number {
  return Math.max(1, tfjs.getThreadsCount());
}

function chosenThreads({ threads = 1, warn }: WasmBackendOptions): number {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new Error(`threads is ${threads}, which is no number of threads: give a positive integer.`);
  }
  if (threads > mostThreads) warn?.(`wasm has ${mostThreads} threads at most, not ${threads}.`);
  return Math.min(threads, mostThreads);
}

/** Starts tfjs as tfjs does, but in one thread also where it would take several. */
async function startOne({ setWasmPaths }: Tfjs, { wasmPaths }: WasmBackendOptions): Promise<void> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const { path } = await findBinary(simd ? 'tfjs-backend-wasm-simd.wasm' : 'tfjs-backend-wasm.wasm', wasmPaths);
  const all: Record<BinaryName, string> = {
    'tfjs-backend-wasm.wasm': path,
    'tfjs-backend-wasm-simd.wasm': path,
    'tfjs-backend-wasm-threaded-simd.wasm': path,
  };
  setWasmPaths(all, isRemote(path));
  if (factory && !tf.findBackendFactory('wasm')) tf.registerBackend('wasm', factory, tfjsPriority);
  if (await withoutListeners(() => tf.setBackend('wasm'))) return;
  throw new Error(`tfjs could not start it with ${path}.`);
}

async function startMany(tfjs: Tfjs, threads: number, { wasmPaths }: WasmBackendOptions): Promise<void> {
  const reason = threadsReason();
  if (reason !== undefined) throw new Error(reason);
  const { bytes } = await findBinary('tfjs-backend-wasm-threaded-simd.wasm', wasmPaths);
  await startThreaded(bytes, threads, (module) => {
    if (running()) throw new Error('somebody else started it meanwhile: start it in one place.');
    tfjs.setThreadsCount(threads);
    const backend = new tfjs.BackendWasm(module as ConstructorParameters<Tfjs['BackendWasm']>[0]);
    if (tf.findBackendFactory('wasm')) tf.removeBackend('wasm');
    tf.registerBackend('wasm', () => backend, tfjsPriority);
  });
  await tf.setBackend('wasm');
}
