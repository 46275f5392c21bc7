// How large a package is for a browser: minified and compressed, with what it pulls in beside the shared base, which any
// page with `odeint` on tensors has already: core, tensor, tableaux, solvers and tfjs. Printed too: with all of this
// project. Fails when one is over its budget.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** In bytes of gzip. */
const budgets = { 'packages/compiler': 60_000 };

const tfjs = /^@tensorflow\//;
const base = /^(@tensorflow\/|@neural-ode\/(core|tensor|tableaux|solvers)$)/;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bytes of a package, minified, and compressed too. */
async function sizeOf(folder, external) {
  const { output } = await build({
    root,
    configFile: `${root}vitest.config.ts`,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      // As an application: Vite leaves the spaces in a library.
      rolldownOptions: {
        input: `${root}${folder}/src/index.ts`,
        external,
        preserveEntrySignatures: 'strict',
        output: { minify: true },
      },
      modulePreload: false,
    },
  });
  // What is loaded only when it is asked for, as threads are, does not count.
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const counted = new Set();
  const count = (name) => {
    if (counted.has(name) || !chunks.has(name)) return;
    counted.add(name);
    for (const other of chunks.get(name).imports) count(other);
  };
  for (const { fileName, isEntry } of output) if (isEntry) count(fileName);
  const code = [...counted].map((name) => chunks.get(name).code).join('');
  return { minified: code.length, compressed: gzipSync(code, { level: 9 }).length };
}

let over = 0;
for (const [folder, budget] of Object.entries(budgets)) {
  const { minified, compressed } = await sizeOf(folder, base);
  const all = await sizeOf(folder, tfjs);
  console.log(
    `${folder}: ${compressed} bytes compressed, of ${budget} (${minified} minified); ${all.compressed} with core and tensor`,
  );
  if (compressed > budget) over++;
}
process.exitCode = over > 0 ? 1 : 0;
