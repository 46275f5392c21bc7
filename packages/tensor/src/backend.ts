import {
  InvalidInputError,
  NeuralOdeError,
  RegistryError,
  type RegistryNames,
  registered,
  resolve,
} from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { StateKernels } from './state-kernels.ts';
import { completeGradients } from './tfjs-gradients/complete.ts';

/** Options of {@link useBackend}; a backend's `./register` entry adds its own. */
export interface BackendOptions {
  /** Told of what is odd but no error. Default: nobody. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** A TensorFlow.js backend that can be started. */
export interface BackendPart {
  /** As in tfjs's own registry. */
  readonly name: string;
  /** `'auto'` tries the highest first; a function where it depends on what the machine has. */
  readonly priority: number | (() => Promise<number>);
  /** Why it cannot run here, as far as that is known without starting it; undefined when nothing speaks against it. */
  probe(): Promise<string | undefined>;
  /**
   * Loads the backend and makes it ready, once; it need not make it the current one.
   *
   * @throws an error whose message says what is missing and what would do
   */
  start(options: BackendOptions): Promise<void>;
  /** What is known of the running backend. */
  describe?(): Partial<Omit<BackendDescription, 'name' | 'precision' | 'bytes' | 'tensors'>>;
  /** Faster arithmetic on states, asked for once a solve while it is the current one; undefined where it has none. */
  stateKernels?(): StateKernels | undefined;
}

/** What is running; undefined is what is not known. */
export interface BackendDescription {
  /** As in tfjs's own registry. */
  readonly name: string;
  /** What it computes on, in the words of its driver. */
  readonly device?: string | undefined;
  /** Whether the device is a program that imitates a GPU. */
  readonly software?: boolean | undefined;
  /** What its operations compute in. */
  readonly precision: 'float32' | 'float16';
  /** Whether it uses vector instructions. */
  readonly simd?: boolean | undefined;
  /** Whether among them are those of relaxed SIMD, as fused multiply-adds. */
  readonly relaxedSimd?: boolean | undefined;
  /** How many threads compute, the caller's included. */
  readonly threads?: number | undefined;
  /** Bytes that it has reserved, in use or not. */
  readonly memory?: number | undefined;
  /** Bytes that tensors hold, and their number. */
  readonly bytes: number;
  readonly tensors: number;
}

/** A backend: by value, or by registered name. */
export type Backend = BackendPart | RegistryNames['backend'];

/** No backend could be started. */
export class BackendError extends NeuralOdeError {
  /** Why not, for each candidate by name. */
  readonly reasons: Readonly<Record<string, string>>;

  constructor(reasons: Readonly<Record<string, string>>) {
    const list = Object.entries(reasons).map(([name, reason]) => `\n- ${name}: ${reason}`);
    super(
      'backend',
      list.length === 0
        ? "No TensorFlow.js backend is registered: import '@neural-ode/backend-wasm/register' or '@neural-ode/backend-cpu/register'."
        : `No TensorFlow.js backend could be started.${list.join('')}`,
    );
    this.reasons = reasons;
  }
}

/**
 * Starts a TensorFlow.js backend and makes it the current one; again for one that runs costs nothing. Completes the
 * gradients that tfjs lacks.
 *
 * @param backend one backend, several in order of preference, or `'auto'` (default) for the best registered one that starts
 * @throws InvalidInputError for what is no backend, RegistryError for an unknown name, BackendError when none starts
 */
export async function useBackend(
  backend: 'auto' | Backend | readonly Backend[] = 'auto',
  options: BackendOptions = {},
): Promise<BackendDescription> {
  completeGradients();
  const reasons: Record<string, string> = {};
  for (const part of await candidates(backend)) {
    const reason = (await part.probe()) ?? (await startReason(part, options));
    if (reason === undefined) {
      started.set(part.name, part);
      // A backend that brings the whole of tfjs brings tfjs's gradients.
      completeGradients();
      return describeBackend();
    }
    reasons[part.name] = reason;
  }
  throw new BackendError(reasons);
}

const started = new Map<string, BackendPart>();

/** What the current backend is. */
export function describeBackend(): BackendDescription {
  const { numBytes, numTensors } = tf.memory();
  const name = tf.getBackend();
  const precision = tf.backend().floatPrecision() === 16 ? 'float16' : 'float32';
  return { name, ...started.get(name)?.describe?.(), precision, bytes: numBytes, tensors: numTensors };
}

/** What the current backend does for states, when {@link useBackend} made it the current one. */
export function stateKernels(): StateKernels | undefined {
  return started.get(tf.getBackend())?.stateKernels?.();
}

/** The packages of this library that register a backend, by its name. */
const own: ReadonlyMap<unknown, string> = new Map(
  Object.entries({
    cpu: '@neural-ode/backend-cpu',
    wasm: '@neural-ode/backend-wasm',
    webgpu: '@neural-ode/backend-webgpu',
    tensorflow: '@neural-ode/backend-node',
  }),
);

function part(backend: Backend): BackendPart {
  const name: unknown = backend;
  const home = own.get(name);
  if (home && !registered('backend').includes(name as string)) {
    throw new RegistryError(`The backend '${name}' is not registered: import '${home}/register'.`);
  }
  const found = resolve('backend', backend as never) as BackendPart | null | undefined;
  if (typeof found?.probe === 'function' && typeof found.start === 'function') return found;
  throw new InvalidInputError('backend', "backend is none: give 'auto', a registered name, or a backend itself.");
}

async function candidates(backend: 'auto' | Backend | readonly Backend[]): Promise<BackendPart[]> {
  if (Array.isArray(backend)) {
    if (backend.length > 0) return backend.map(part);
    throw new InvalidInputError('backend', "backend is an empty list: give one at least, or 'auto'.");
  }
  if (backend !== 'auto') return [part(backend as Backend)];
  const parts = registered('backend').map((name) => part(name as never));
  const ranked = parts.map(async (part) => ({
    part,
    priority: typeof part.priority === 'number' ? part.priority : await part.priority(),
  }));
  return (await Promise.all(ranked)).sort((a, b) => b.priority - a.priority).map(({ part }) => part);
}

async function startReason(part: BackendPart, options: BackendOptions): Promise<string | undefined> {
  const before = tf.getBackend();
  try {
    await part.start(options);
    // tfjs's own result, since getBackend names a backend even after its start failed.
    if ((await tf.setBackend(part.name)) && tf.getBackend() === part.name) return undefined;
    throw new Error('tfjs could not initialize it');
  } catch (error) {
    if (before && tf.getBackend() !== before) await tf.setBackend(before);
    return error instanceof Error ? error.message : String(error);
  }
}
