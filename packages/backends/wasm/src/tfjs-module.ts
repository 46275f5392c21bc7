/** What of tfjs's WebAssembly module is used here; tfjs's typings have it as Emscripten's. */
export interface TfjsModule {
  /** What the module itself exports. */
  readonly asm: { malloc(bytes: number): number; dispose(): void };
  readonly tfjs: TfjsFunctions;
  _malloc(bytes: number): number;
}

/** The functions of the module that tfjs's backend calls by names of its own. */
export interface TfjsFunctions {
  init(): void;
  initWithThreadsCount(threads: number): void;
  getThreadsCount(): number;
  registerTensor(id: number, size: number, memoryOffset: number): void;
  disposeData(id: number): void;
  dispose(): void;
}
