/** tfjs's binaries. */
export type BinaryName =
  | 'tfjs-backend-wasm.wasm'
  | 'tfjs-backend-wasm-simd.wasm'
  | 'tfjs-backend-wasm-threaded-simd.wasm';

/**
 * Where a bundler has put a binary. Bundlers know the expressions by their form, take the files along and write their
 * addresses here; without a bundler an address is where nothing lies.
 */
export function bundledFile(name: BinaryName): string {
  switch (name) {
    case 'tfjs-backend-wasm.wasm':
      return new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm', import.meta.url).href;
    case 'tfjs-backend-wasm-simd.wasm':
      return new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm', import.meta.url).href;
    case 'tfjs-backend-wasm-threaded-simd.wasm':
      return new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm', import.meta.url).href;
  }
}
