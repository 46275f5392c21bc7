// How large packages are for a browser: minified and compressed, without what any page with `odeint` on tensors has already
// (core, tensor, tableaux, solvers and tfjs). Each on its own, and the compiler also with the assembler that it brings.
// Fails when one is over its budget.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const base = ['@tensorflow/', '@neural-ode/core', '@neural-ode/tensor', '@neural-ode/tableaux', '@neural-ode/solvers'];

/** Budgets in bytes of gzip, and what else is left out. */
const budgets = [
  { folder: 'packages/compiler', without: ['@neural-ode/assembler'], budget: 52_000 },
  { folder: 'packages/compiler', without: [], budget: 67_000 },
  { folder: 'packages/assembler', without: [], budget: 8_000 },
  { folder: 'packages/models', without: [], budget: 8_000 },
];

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bytes of a package, minified, and compressed too. */
async function sizeOf(folder, external) {
  const { output } = await build({
    root,
    configFile: `${root}vitest.config.ts`,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      write: false,
      target: 'es2022',
      // As an application: Vite leaves the spaces in a library. And as one without pages, whose preloading is Vite's own.
      ssr: true,
      minify: true,
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
for (const { folder, without, budget } of budgets) {
  const external = (id) => [...base, ...without].some((name) => id.startsWith(name));
  const { minified, compressed } = await sizeOf(folder, external);
  const what = [folder, ...without.map((name) => `without ${name}`)].join(' ');
  console.log(`${what}: ${compressed} bytes compressed, of ${budget} (${minified} minified)`);
  if (compressed > budget) over++;
}
process.exitCode = over > 0 ? 1 : 0;
