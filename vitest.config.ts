import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their TypeScript source, so tests need no build.
const conditions = ['@neural-ode/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,apps}/**/src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: '100%',
    typecheck: {
      enabled: true,
      include: ['{packages,apps}/**/src/**/*.test-d.ts'],
      tsconfig: './tsconfig.test.json',
      // Sources and other tests are checked by `npm run types`; here an unfinished file elsewhere must not hide results.
      ignoreSourceErrors: true,
    },
  },
});
