import { instantiate } from './instantiate.ts';
import type { Exports } from './module.ts';

/** Where the code of a machine runs, and on which memory. */
export interface Home {
  /** Where threads have a machine each: how many components the state has of which theirs are parts, if they are. */
  readonly shared?: { readonly wholeSize: number | undefined } | undefined;
  newMemory(pages: number): WebAssembly.Memory;
  /**
   * Starts the module of a part.
   *
   * @param others the functions of other parts, each of which is compiled when it is read
   * @returns its functions, in so far as they can be called in this thread
   */
  run(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory, others: Exports): Exports;
}

/** In this thread. */
export const here: Home = {
  newMemory: (initial) => new WebAssembly.Memory({ initial }),
  run: (bytes, memory, others) =>
    instantiate(bytes, { env: { memory, pow: Math.pow }, parts: others as unknown as WebAssembly.ModuleImports }),
};
