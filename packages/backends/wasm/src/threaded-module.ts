import { probeFeatures } from '@neural-ode/assembler';
import { withoutListeners } from './process-listeners.ts';
import { pthread } from './pthread.ts';
import type { TfjsFunctions, TfjsModule } from './tfjs-module.ts';

/** tfjs's pool has no more. */
export const mostThreads = 8;

/** A worker of the page, or of Node. */
interface GlueWorker {
  on?(event: 'error', listener: (error: Error) => void): void;
  addEventListener?(event: 'error', listener: (event: { readonly message?: string }) => void): void;
  terminate(): unknown;
  unref?(): void;
}

/** What the glue makes of its configuration. */
interface GlueModule extends TfjsModule {
  readonly PThread: { readonly unusedWorkers: GlueWorker[]; readonly runningWorkers: readonly GlueWorker[] };
  cwrap(name: string, result: 'number' | null, parameters: readonly 'number'[]): (...args: number[]) => number;
}

type Glue = (config: object) => Promise<GlueModule>;

/** Why threads cannot be had here; undefined when nothing speaks against them. */
export function threadsReason(): string | undefined {
  const { simd, threads } = probeFeatures();
  if (!simd || !threads) {
    const missing = simd ? 'threads' : 'SIMD, without which tfjs has no threads';
    return `this engine's WebAssembly has no ${missing}: ask for one thread.`;
  }
  if (typeof SharedArrayBuffer !== 'undefined') return undefined;
  return (
    'threads need SharedArrayBuffer, which this page has not: serve it with the headers Cross-Origin-Opener-Policy: ' +
    'same-origin and Cross-Origin-Embedder-Policy: require-corp, or ask for one thread.'
  );
}

/**
 * Starts tfjs's threaded build by hand: tfjs itself refuses Node, and takes no more threads than half the cores.
 *
 * @param bytes the binary
 * @param threads how many, this one included: from 2 to {@link mostThreads}
 * @param use makes the threads run; they end when it throws, and keep no process alive
 */
export async function startThreaded(
  bytes: BufferSource,
  threads: number,
  use: (module: TfjsModule) => void,
): Promise<void> {
  const glue = await loadGlue();
  const url = workerUrl(glue);
  try {
    const module = await withoutListeners(() => instantiate(glue, bytes, threads, url));
    const { runningWorkers, unusedWorkers } = module.PThread;
    try {
      use(withFunctions(module));
    } catch (error) {
      end([...runningWorkers, ...unusedWorkers]);
      throw error;
    }
    // The glue makes a running thread keep Node alive.
    for (const worker of runningWorkers) worker.unref?.();
  } finally {
    if (url.protocol === 'blob:') URL.revokeObjectURL(url.href);
  }
}

async function loadGlue(): Promise<Glue> {
  const { default: glue } = (await import(
    '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js'
  )) as unknown as { default: Glue };
  return glue;
}

function instantiate(glue: Glue, bytes: BufferSource, threads: number, url: URL): Promise<GlueModule> {
  return new Promise((resolve, reject) => {
    let workers: GlueWorker[] = [];
    const fail = (reason: unknown) => {
      end(workers);
      reject(reason);
    };
    const config = {
      // Workers have the glue in their own source.
      mainScriptUrlOrBlob: 'none',
      locateFile: (path: string) => (path.endsWith('.js') ? url : path),
      instantiateWasm(imports: Imports, receive: Receive) {
        // The glue has filled the pool already, with as many workers as there can be.
        const { unusedWorkers } = (config as unknown as GlueModule).PThread;
        end(unusedWorkers.splice(threads - 1));
        workers = [...unusedWorkers];
        for (const worker of workers) {
          const failed = ({ message }: { readonly message?: string }) => fail(workerError(message));
          if (worker.on) worker.on('error', failed);
          else worker.addEventListener?.('error', failed);
        }
        imports.env.emscripten_num_logical_cores = () => 2 * mostThreads;
        WebAssembly.instantiate(bytes, imports).then(({ instance, module }) => receive(instance, module), fail);
        return {};
      },
    };
    // In Node the glue leaves Node's Worker as a global.
    const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
    try {
      glue(config).then(resolve, fail);
    } catch (error) {
      fail(error);
    } finally {
      if (before) Object.defineProperty(globalThis, 'Worker', before);
      else Reflect.deleteProperty(globalThis, 'Worker');
    }
  });
}

type Imports = WebAssembly.Imports & { readonly env: Record<string, WebAssembly.ImportValue> };
type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;

function end(workers: readonly GlueWorker[]): void {
  for (const worker of workers) worker.terminate();
}

function workerError(message: string | undefined): Error {
  return new Error(
    `a worker did not start (${message ?? 'no reason is given'}): a page's Content-Security-Policy needs worker-src blob:, or ` +
      'ask for one thread.',
  );
}

/** The code of a worker, at an address: the glue starts workers by their address alone. */
function workerUrl(glue: Glue): URL {
  // A name that is nowhere is undefined: the glue looks for a variable outside of itself, which minifiers rename. Bundlers may
  // name functions by a helper, which the sources then expect.
  const run = (listen: string, post: string) => `
    with (new Proxy({ __name: (f) => f }, { has: (_, name) => !(name in globalThis) }))
      (${pthread})(${glue}, (receive) => ${listen}, (message) => ${post});`;
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node === undefined) {
    const code = run("addEventListener('message', ({ data }) => receive(data))", 'postMessage(message)');
    return new URL(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  }
  const port = "require('node:worker_threads').parentPort";
  const code = `
    import { createRequire } from 'node:module';
    globalThis.require = createRequire('file:///worker.js');
    (0, eval)(${JSON.stringify(run(`${port}.on('message', receive)`, `${port}.postMessage(message)`))});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Adds what tfjs's backend calls the module's functions by. */
function withFunctions(module: GlueModule): TfjsModule {
  const wrap = (name: string, parameters: number, result: 'number' | null = null) =>
    module.cwrap(name, result, new Array<'number'>(parameters).fill('number'));
  const tfjs = {
    init: wrap('init', 0),
    initWithThreadsCount: wrap('init_with_threads_count', 1),
    getThreadsCount: wrap('get_threads_count', 0, 'number'),
    registerTensor: wrap('register_tensor', 3),
    disposeData: wrap('dispose_data', 1),
    dispose: wrap('dispose', 0),
  } satisfies TfjsFunctions;
  return Object.assign(module, { tfjs });
}
