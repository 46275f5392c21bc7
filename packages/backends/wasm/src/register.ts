import { register } from '@neural-ode/core';
import { wasmBackend } from './wasm-backend.ts';
import type { WasmPaths } from './wasm-file.ts';

declare module '@neural-ode/core' {
  interface BackendRegistry {
    wasm: true;
  }
}

declare module '@neural-ode/tensor' {
  interface BackendOptions {
    /** Where the wasm backend's `.wasm` files lie. Default: in its npm package, or where a bundler has put them. */
    readonly wasmPaths?: WasmPaths | undefined;
    /** How many threads the wasm backend computes in, 8 at most. Default: 1. */
    readonly threads?: number | undefined;
  }
}

register('backend', 'wasm', wasmBackend, '@neural-ode/backend-wasm');
