interface Builtins {
  'node:fs': { existsSync(path: string): boolean };
  'node:util': Record<string, unknown>;
}

interface Host {
  readonly versions?: { readonly node?: string };
  readonly env: Record<string, string | undefined>;
  getBuiltinModule<K extends keyof Builtins>(name: K): Builtins[K];
}

/** Node, or a runtime that stands in for it; undefined in a browser. */
export function host(): Host | undefined {
  const { process } = globalThis as { process?: Host };
  return process?.versions?.node ? process : undefined;
}

/**
 * Loads @tensorflow/tfjs-node, whose addon puts the backend into tfjs's registry.
 *
 * @throws Error saying which of the ways in which its install can fail has
 */
export async function loadTfjsNode(node: Host): Promise<void> {
  restoreUtil(node);
  // Unless the user wants to see it, what TensorFlow says of the processor at its start is of no use here.
  node.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  // Not a literal, since neither TypeScript nor a bundler need find it.
  const name = '@tensorflow/tfjs-node';
  try {
    await import(/* @vite-ignore */ name);
  } catch (error) {
    throw new Error(explain(error as Error & { code?: string }));
  }
}

/** Node 23 removed functions that tfjs-node calls. */
function restoreUtil(node: Host): void {
  const util = node.getBuiltinModule('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** Which of the ways in which the install of tfjs-node can fail has, told by the error of its import. */
export function explain({ message, code }: { message: string; code?: string }): string {
  if (/(cannot find|could not resolve)[^'"]*['"]@tensorflow\/tfjs-node['"]/i.test(message)) {
    return 'the package @tensorflow/tfjs-node is not installed: npm install @tensorflow/tfjs-node.';
  }
  const addon = /can not be found at path: (.+)\.\s/.exec(message)?.[1];
  if (addon !== undefined) return `the addon of @tensorflow/tfjs-node is not there, because ${whyNotBuilt(addon)}`;
  if (code === 'ERR_DLOPEN_FAILED') return `the addon of @tensorflow/tfjs-node does not load: ${message}`;
  return `the package @tensorflow/tfjs-node does not load: ${message}`;
}

const remedy =
  'run `npm rebuild @tensorflow/tfjs-node`, or give it a libtensorflow of yours, as the README of @neural-ode/backend-node says.';

/** Told by what the install script leaves in the package: it makes `deps` first, downloads into it, and builds. */
function whyNotBuilt(addon: string): string {
  const exists = (path: string) => host()?.getBuiltinModule('node:fs').existsSync(path) === true;
  const deps = addon.replace(/[\\/]lib[\\/][^\\/]+[\\/][^\\/]+$/, '/deps');
  if (!exists(deps)) {
    return `its install script did not run, as package managers ask to be allowed (pnpm approve-builds): allow it, then ${remedy}`;
  }
  return exists(`${deps}/lib`)
    ? `it could not be compiled: ${remedy}`
    : `its install script could not download libtensorflow: ${remedy}`;
}
