/** What the glue of tfjs's threaded build tells a worker: to load the module, or to run a thread. */
type Order =
  | { readonly cmd: 'load'; readonly wasmModule: WebAssembly.Module; readonly wasmMemory: WebAssembly.Memory }
  | { readonly cmd: 'run'; readonly pthread_ptr: number; readonly start_routine: number; readonly arg: number };

/** The parts of the glue's module that a thread needs. */
interface ThreadModule {
  __emscripten_thread_init(thread: number, isMain: 0, isRuntime: 0, canBlock: 1): void;
  establishStackSpace(): void;
  readonly PThread: { threadInitTLS(): void };
  invokeEntryPoint(routine: number, argument: number): void;
}

/**
 * What a worker runs: a thread of tfjs's threaded build. Workers are given its source, so it may refer to nothing outside.
 *
 * @param glue tfjs's glue, which expects globals `importScripts` and `startWorker`
 * @param listen calls back for every order
 */
export function pthread(
  glue: (module: object) => unknown,
  listen: (receive: (order: Order) => void) => void,
  post: (message: unknown) => void,
): void {
  const module = {} as ThreadModule;
  Object.assign(globalThis, { importScripts: () => {}, startWorker: () => post({ cmd: 'loaded' }) });
  listen((order) => {
    if (order.cmd === 'load') {
      const { wasmModule, wasmMemory } = order;
      glue(
        Object.assign(module, {
          ENVIRONMENT_IS_PTHREAD: true,
          wasmMemory,
          buffer: wasmMemory.buffer,
          instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) {
            const instance = new WebAssembly.Instance(wasmModule, imports);
            receive(instance);
            return instance.exports;
          },
        }),
      );
    } else if (order.cmd === 'run') {
      module.__emscripten_thread_init(order.pthread_ptr, 0, 0, 1);
      module.establishStackSpace();
      module.PThread.threadInitTLS();
      module.invokeEntryPoint(order.start_routine, order.arg);
    }
  });
}
