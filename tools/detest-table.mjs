// Writes docs/detest.md from the solvers as they are. Takes a minute.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
execFileSync('node_modules/.bin/tsc', ['-b', 'packages/testing'], { cwd: root, stdio: 'inherit' });
const { detestPage } = await import('../packages/testing/dist/detest-table.js');
mkdirSync(`${root}/docs`, { recursive: true });
writeFileSync(`${root}/docs/detest.md`, detestPage());
