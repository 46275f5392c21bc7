import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
// Inside this package, so that the examples' imports resolve as a user's would.
const scratch = join(root, 'packages/neural-ode/out/examples');

function documents(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|out|\.)/.test(entry.name) ? [] : documents(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** The TypeScript blocks of a document; each must stand alone. */
function examples(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code as string);
}

/** What an example promises to print: the comments behind its console.log calls. */
function promised(code: string): string[] {
  return [...code.matchAll(/^console\.log\(.*\);? *\/\/ (.+)$/gm)].map(([, text]) => text as string);
}

/** Examples that need what not every machine has; the tests beside them compute the same where it is there. */
const elsewhere: Readonly<Record<string, string>> = {
  'packages/backends/node/README.md': 'needs a libtensorflow: node-backend.test.ts and `npm run runtimes`',
  'packages/backends/webgpu/README.md': 'needs a GPU: gpu.test.ts and `npm run runtimes`',
};

// Each starts as in a process of its own: a backend that runs keeps its number of threads.
afterEach(() => {
  if (tf.engine().registry.wasm) tf.removeBackend('wasm');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

for (const path of documents(root)) {
  const blocks = examples(path);
  if (blocks.length === 0) continue;
  describe(relative(root, path), () => {
    for (const [n, code] of blocks.entries()) {
      const reason = elsewhere[relative(root, path)];
      it(`runs example ${n + 1}`, async ({ skip }) => {
        if (reason) skip(reason);
        const file = join(scratch, `${relative(root, path).replaceAll(/\W/g, '-')}-${n}.ts`);
        mkdirSync(scratch, { recursive: true });
        writeFileSync(file, code);
        const printed: string[] = [];
        const log = vi.spyOn(console, 'log').mockImplementation((...values) => {
          printed.push(values.join(' '));
        });
        try {
          await import(/* @vite-ignore */ file);
        } finally {
          log.mockRestore();
        }
        expect(printed).toEqual(promised(code));
      });
    }
  });
}
