/** Where the `.wasm` binaries lie: a folder or its URL, or the path or URL of each by its file name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

interface NodeModules {
  'node:fs': { readFileSync(path: string): Uint8Array<ArrayBuffer> };
  'node:module': { createRequire(from: string): { resolve(id: string): string } };
  'node:path': { dirname(path: string): string };
  'node:url': { fileURLToPath(url: string): string };
}

/** A module of Node, Deno or Bun; undefined in a browser, whose bundlers would stumble over a static import. */
function builtin<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  const { process } = globalThis as unknown as { process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.(name) as NodeModules[K] | undefined;
}

/** The folder of the installed npm package's binaries; undefined in a browser or a bundle. */
export function installedFolder(): string | undefined {
  try {
    const main = builtin('node:module')
      ?.createRequire(import.meta.url)
      .resolve('@tensorflow/tfjs-backend-wasm');
    return main && `${builtin('node:path')?.dirname(main)}/`;
  } catch {
    return undefined;
  }
}

/** The same with a slash at the end of a folder and without `file:` URLs, which tfjs does not read in Node. */
export function normalized(paths: WasmPaths): WasmPaths {
  if (typeof paths !== 'string') {
    return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, asPath(path)]));
  }
  const folder = asPath(paths);
  return folder.endsWith('/') ? folder : `${folder}/`;
}

function asPath(path: string): string {
  return path.startsWith('file:') ? (builtin('node:url')?.fileURLToPath(path) ?? path) : path;
}

/**
 * Checks that a binary is there and is WebAssembly, because tfjs, once it failed to load one, neither reports why nor can
 * be told another path.
 *
 * @throws Error naming the path
 */
export async function checkBinary(paths: WasmPaths, name: string): Promise<void> {
  const path = typeof paths === 'string' ? paths + name : paths[name];
  if (path === undefined)
    throw new Error(`wasmPaths has no entry for ${name}: give the path of each binary, or a folder.`);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readBytes(path);
  } catch (error) {
    throw new Error(`${path} cannot be read (${reason(error)}): give the folder of the .wasm files as wasmPaths.`);
  }
  if (!WebAssembly.validate(bytes)) {
    throw new Error(`${path} is no WebAssembly that runs here: give the folder of the .wasm files as wasmPaths.`);
  }
}

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const fs = builtin('node:fs');
  if (fs && !/^[a-z]{2,}:/i.test(path)) return fs.readFileSync(path);
  const response = await fetch(path);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
