import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { expect, test } from 'vitest';

const program = `
  import { useBackend } from '@neural-ode/tensor';
  import * as tf from '@tensorflow/tfjs-core';
  import { wasmBackend } from './wasm-backend.ts';
  const { threads } = await useBackend(wasmBackend, { threads: 3 });
  const x = tf.ones([200, 200]);
  console.log(threads, tf.matMul(x, x).dataSync()[0]);
`;

test('a program that used threads ends by itself', async () => {
  // From here tfjs is found.
  const folder = mkdtempSync(join(import.meta.dirname, '../node_modules/.program-'));
  const name = join(import.meta.dirname, 'program.ts');
  try {
    const conditions = ['@neural-ode/source'];
    await build({
      configFile: false,
      logLevel: 'error',
      plugins: [
        { name: 'program', resolveId: (id) => (id === name ? id : null), load: (id) => (id === name ? program : null) },
      ],
      ssr: { noExternal: /neural-ode/, external: [], resolve: { conditions } },
      build: {
        ssr: name,
        outDir: folder,
        rolldownOptions: { external: /^@tensorflow/, output: { entryFileNames: 'program.mjs' } },
      },
    });
    const { stdout, stderr, status, signal } = spawnSync(process.execPath, [join(folder, 'program.mjs')], {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    expect({ stdout, stderr, status, signal }).toEqual({ stdout: '3 200\n', stderr: '', status: 0, signal: null });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
