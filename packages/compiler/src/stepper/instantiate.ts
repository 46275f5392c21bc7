import { probeFeatures } from '@neural-ode/assembler';
import { NeuralOdeError } from '@neural-ode/core';
import type { Exports } from './module.ts';

/** Compiles and starts a module; see {@link compileModule}. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports): Exports {
  return new WebAssembly.Instance(compileModule(bytes), imports).exports as unknown as Exports;
}

/**
 * Compiles a module.
 *
 * @throws NeuralOdeError with code `wasm` where WebAssembly is forbidden, or has no vectors; its cause is the engine's error
 */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw Object.assign(new NeuralOdeError('wasm', reason(cause)), { cause });
  }
}

function reason(cause: unknown): string {
  const text = String(cause);
  // Chromium, Firefox and Safari all name the policy's keyword or the policy.
  if (/unsafe-eval|content security policy|\bcsp\b/i.test(text)) {
    return (
      "The compiled field cannot start, since the page's Content-Security-Policy forbids WebAssembly: add " +
      "'wasm-unsafe-eval' to its script-src."
    );
  }
  if (!probeFeatures().simd) {
    return (
      'The compiled field cannot start, since this engine has no WebAssembly SIMD: use a newer one (browsers have it since ' +
      '2021 to 2023), or the field that is not compiled.'
    );
  }
  return `The compiled field's WebAssembly cannot start, perhaps for want of memory: ${text}`;
}
