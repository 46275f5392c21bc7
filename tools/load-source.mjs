// Imports TypeScript of the workspace from source, resolved as in the tests.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Imports a file, given from the root of the repository, runs `use` on it, and closes what that needed. */
export async function withSource(file, use) {
  const server = await createServer({
    root,
    configFile: `${root}vitest.config.ts`,
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    appType: 'custom',
    logLevel: 'warn',
  });
  try {
    return await use(await server.ssrLoadModule(`/${file}`));
  } finally {
    await server.close();
  }
}
