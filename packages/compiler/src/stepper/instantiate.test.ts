import { NeuralOdeError } from '@neural-ode/core';
import { afterEach, expect, test, vi } from 'vitest';
import { instantiate } from './instantiate.ts';

afterEach(() => vi.restoreAllMocks());

/** What `instantiate` throws where the engine's compiler throws this. */
function thrown(cause: Error, start: typeof instantiate = instantiate): unknown {
  vi.spyOn(WebAssembly, 'Module').mockImplementation(function refuse() {
    throw cause;
  });
  try {
    return start(new Uint8Array(), {});
  } catch (error) {
    return error;
  }
}

test.each([
  "WebAssembly.Module(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source",
  'WebAssembly.Module(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive',
  'call to WebAssembly.Module() blocked by CSP',
])('a policy that says "%s" is named, with its remedy', (said) => {
  const cause = new WebAssembly.CompileError(said);
  const error = thrown(cause);
  expect(error).toBeInstanceOf(NeuralOdeError);
  expect(error).toMatchObject({ code: 'wasm', cause, message: expect.stringContaining("add 'wasm-unsafe-eval'") });
});

test('what else the engine says is passed on', () => {
  const cause = new RangeError('Out of memory: Cannot allocate Wasm memory for new instance');
  expect(thrown(cause)).toMatchObject({ code: 'wasm', cause, message: expect.stringContaining('Out of memory') });
});

test('an engine without vectors is named', async () => {
  // What was learnt of the engine is kept in a module.
  vi.resetModules();
  const fresh = await import('./instantiate.ts');
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  const cause = new WebAssembly.CompileError('invalid value type 0x7b');
  const message = expect.stringContaining('has no WebAssembly SIMD');
  expect(thrown(cause, fresh.instantiate)).toMatchObject({ code: 'wasm', cause, message });
});
