// Runs the suite in every runtime, from what `npm run build` made. One that is absent fails like one that is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const bin = (name) => `${folder}node_modules/.bin/${name}`;

/** Runs a command in this folder, shows what it prints, and gives that and its exit status. */
function start(command, args, seconds) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  process.stdout.write(stdout ?? '');
  if (error) console.error(error.message);
  return { status, stdout: stdout ?? '' };
}

// The runtimes are large, so what installs the workspace for `npm test` leaves them out.
if (!existsSync(bin('deno'))) {
  const { packageManager } = JSON.parse(readFileSync(`${folder}../package.json`, 'utf8'));
  const install = ['install', '--frozen-lockfile', '--filter', '@neural-ode/runtime-tests'];
  if (start('npx', ['-y', packageManager, ...install], 300).status !== 0) process.exit(1);
}

const denoOptions = ['--allow-read', '--allow-env', '--no-lock', '--node-modules-dir=manual'];
const runtimes = {
  node: [process.execPath, ['console.mjs']],
  deno: [bin('deno'), ['run', ...denoOptions, 'console.mjs']],
  bun: [bin('bun'), ['console.mjs']],
  chromium: [process.execPath, ['browser/run.mjs']],
};

const failed = [];
const bits = new Set();
for (const [name, [command, args]] of Object.entries(runtimes)) {
  console.log(`--- ${name}`);
  const { status, stdout } = start(command, args, 60);
  if (status !== 0) failed.push(name);
  bits.add(stdout.match(/^bits (.+)$/m)?.[1] ?? 'none');
}
if (bits.size > 1) failed.push('results are not the same to the last bit');
for (const name of failed) console.error(`failed: ${name}`);
process.exitCode = failed.length > 0 ? 1 : 0;
