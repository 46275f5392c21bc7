import { currentGpu, type Gpu } from './adapter.ts';

/** The npm package `webgpu`. */
interface Dawn {
  create(options: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * The navigator's GPU; in Node, where the navigator has none, the one of the npm package `webgpu`, which is put there,
 * for tfjs looks nowhere else.
 *
 * @throws Error saying why there is none
 */
export async function findGpu(): Promise<Gpu> {
  const gpu = currentGpu();
  if (gpu) return gpu;
  const { process, isSecureContext } = globalThis as {
    process?: { versions?: { node?: string } };
    isSecureContext?: boolean;
  };
  if (process?.versions?.node) return installDawn();
  throw new Error(
    isSecureContext === false
      ? 'navigator.gpu is absent, because this page is no secure context: serve it by https, or from localhost.'
      : 'navigator.gpu is absent: this browser is too old for WebGPU, or has it switched off.',
  );
}

async function installDawn(): Promise<Gpu> {
  const { create, globals } = await loadDawn();
  // The classes first: tfjs tests what it is given by instanceof.
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Node has a navigator of its own from version 21.
  const scope = globalThis as { navigator?: object };
  if (!scope.navigator) Object.defineProperty(scope, 'navigator', { value: {}, configurable: true, writable: true });
  Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true, writable: true });
  return gpu;
}

async function loadDawn(): Promise<Dawn> {
  // Not a literal, so that bundlers for the browser let it be.
  const name = 'webgpu';
  try {
    return await import(/* @vite-ignore */ name);
  } catch (error) {
    const { message } = error as Error;
    // Of Node, Bun and Vite, each in its own words.
    const absent = /(cannot find|could not resolve)[^'"]*['"]webgpu['"]/i.test(message);
    throw new Error(
      absent
        ? 'navigator.gpu is absent, and so is the npm package webgpu that brings it to Node: npm install webgpu.'
        : `navigator.gpu is absent, and the npm package webgpu that brings it to Node does not load: ${message}`,
    );
  }
}
