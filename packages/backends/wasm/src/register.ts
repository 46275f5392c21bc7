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
    /** Where the wasm backend's `.wasm` files lie. Default in Node, Deno and Bun: in its npm package. */
    readonly wasmPaths?: WasmPaths | undefined;
  }
}

register('backend', 'wasm', wasmBackend, '@neural-ode/backend-wasm');
