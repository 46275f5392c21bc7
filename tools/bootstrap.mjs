// Installs the workspace when it is missing or older than the lockfile, so that `npm test` and `npm start` are all a
// newcomer types. Runs before any dependency exists: Node's own modules only.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lockfile = `${root}pnpm-lock.yaml`;
const installed = `${root}node_modules/.modules.yaml`;
const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (time(installed) < time(lockfile) || time(installed) === 0) {
  const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  // Browsers and further runtimes are large, and only `npm run runtimes` needs them; it installs them itself.
  const command = `npx -y ${packageManager} install --frozen-lockfile --filter "!@neural-ode/runtime-tests"`;
  console.log(`Installing dependencies (${command}) ...`);
  // A shell, because on Windows npx is npx.cmd. The child must not read stdin: CI has none.
  const { status, error } = spawnSync(command, { cwd: root, shell: true, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(
      `\nThe install failed (${error?.message ?? `exit ${status}`}). Read pnpm's message above, then:\n` +
        `- no network, or a proxy? The npm registry must be reachable: npm ping\n` +
        `- "lockfile is not up to date"? A package.json changed: npx -y ${packageManager} install --no-frozen-lockfile\n` +
        `- otherwise delete node_modules and run the command again.`,
    );
    process.exit(1);
  }
  // pnpm leaves the file alone when there was nothing to do.
  utimesSync(installed, new Date(), new Date());
}
