import { type BinaryName, bundledFile } from './bundled-files.ts';

/** Where the `.wasm` binaries lie: a folder or its URL, or the path or URL of each by its file name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

/** A binary that was found. */
export interface Binary {
  /** Its path or URL. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

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

/**
 * Finds a binary and checks that it is WebAssembly, because tfjs, once it failed to load one, neither reports why nor can be
 * told another path.
 *
 * @throws Error naming every path that was tried
 */
export async function findBinary(name: BinaryName, paths: WasmPaths | undefined): Promise<Binary> {
  const reasons: string[] = [];
  for (const path of paths === undefined ? usualPaths(name) : [givenPath(name, paths)]) {
    try {
      const bytes = await readBytes(path);
      if (WebAssembly.validate(bytes)) return { path, bytes };
      reasons.push(`${path} is no WebAssembly that runs here`);
    } catch (error) {
      reasons.push(`${path} cannot be read (${error instanceof Error ? error.message : error})`);
    }
  }
  throw new Error(`${reasons.join(', ')}: give the folder of the .wasm files as wasmPaths.`);
}

function givenPath(name: BinaryName, paths: WasmPaths): string {
  const path = typeof paths !== 'string' ? paths[name] : paths.endsWith('/') ? paths + name : `${paths}/${name}`;
  if (path === undefined)
    throw new Error(`wasmPaths has no entry for ${name}: give the path of each binary, or a folder.`);
  // tfjs reads no file: URLs in Node.
  return path.startsWith('file:') ? (builtin('node:url')?.fileURLToPath(path) ?? path) : path;
}

/**
 * In Node, Deno and Bun in the installed package. In a page where a bundler has put it, beside the page, or in the packages
 * that a development server serves.
 */
function usualPaths(name: BinaryName): string[] {
  const folder = installedFolder();
  if (folder !== undefined) return [folder + name];
  return [bundledFile(name), name, `/node_modules/@tensorflow/tfjs-backend-wasm/dist/${name}`];
}

function installedFolder(): string | undefined {
  try {
    const main = builtin('node:module')
      ?.createRequire(import.meta.url)
      .resolve('@tensorflow/tfjs-backend-wasm');
    return main && `${builtin('node:path')?.dirname(main)}/`;
  } catch {
    return undefined;
  }
}

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const fs = builtin('node:fs');
  if (fs && !/^[a-z]{2,}:/i.test(path)) return fs.readFileSync(path);
  const response = await fetch(path);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Whether tfjs must fetch it, as it does in a page anyway; else it reads a file. */
export function isRemote(path: string): boolean {
  return builtin('node:fs') !== undefined && /^https?:/i.test(path);
}
