// How large a package is for a browser: minified, compressed, with all of this project that it pulls in, tfjs apart.
// Fails when one is over its budget.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** In bytes of gzip. */
const budgets = { 'packages/compiler': 60_000 };

const root = fileURLToPath(new URL('..', import.meta.url));
let over = 0;
for (const [folder, budget] of Object.entries(budgets)) {
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
        external: /^@tensorflow\//,
        preserveEntrySignatures: 'strict',
        output: { minify: true },
      },
      modulePreload: false,
    },
  });
  const code = output.map((chunk) => chunk.code ?? '').join('');
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`${folder}: ${code.length} bytes minified, ${size} compressed, of ${budget}`);
  if (size > budget) over++;
}
process.exitCode = over > 0 ? 1 : 0;
