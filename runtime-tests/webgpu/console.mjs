// The suite in Node and Deno. Only Node needs the package webgpu, which is installed for these tests alone, so that the
// backend's own search for it does not find it.
import { run } from './suite.mjs';

if (!globalThis.navigator?.gpu) {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  globalThis.navigator ??= {};
  globalThis.navigator.gpu = create([]);
}
console.log(`on ${await run()}`);
