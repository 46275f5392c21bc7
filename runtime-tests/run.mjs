// Runs the suite in every runtime, from what `npm run build` made. One that is absent fails like one that is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const bin = (name) => `${folder}node_modules/.bin/${name}`;

/** Runs a command in this folder and gives its exit status. */
function status(command, args, seconds) {
  const { status: code, error } = spawnSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  if (error) console.error(error.message);
  return code;
}

// The runtimes are large, so what installs the workspace for `npm test` leaves them out.
if (!existsSync(bin('deno'))) {
  const { packageManager } = JSON.parse(readFileSync(`${folder}../package.json`, 'utf8'));
  const install = ['install', '--frozen-lockfile', '--filter', '@neural-ode/runtime-tests'];
  if (status('npx', ['-y', packageManager, ...install], 300) !== 0) process.exit(1);
}

const denoOptions = ['--allow-read', '--allow-env', '--no-lock', '--node-modules-dir=manual'];
const runtimes = {
  node: [process.execPath, ['console.mjs']],
  deno: [bin('deno'), ['run', ...denoOptions, 'console.mjs']],
  bun: [bin('bun'), ['console.mjs']],
  chromium: [process.execPath, ['browser/run.mjs']],
};

const failed = Object.entries(runtimes).filter(([name, [command, args]]) => {
  console.log(`--- ${name}`);
  return status(command, args, 60) !== 0;
});
for (const [name] of failed) console.error(`failed: ${name}`);
process.exitCode = failed.length > 0 ? 1 : 0;
