export { type WasmBackendOptions, wasmBackend } from './wasm-backend.ts';
export type { WasmPaths } from './wasm-file.ts';
