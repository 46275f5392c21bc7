// Runs the suite in every runtime, from what `npm run build` made. One that is absent fails like one that is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const bin = (name) => `${folder}node_modules/.bin/${name}`;

/** Runs a command in this folder, shows what it prints, and gives that and its exit status. */
function start(command, args, seconds, environment = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
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
if (!existsSync(bin('deno')) || !existsSync(`${folder}node_modules/webgpu`)) {
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

// The backend on a GPU: on a program that imitates one, which each of these must find.
const { softwareGpu } = await import('./webgpu/software-gpu.mjs');
const environment = { ...(await softwareGpu()), NEURAL_ODE_REQUIRED: 'webgpu' };
const onGpu = {
  node: [process.execPath, ['webgpu/console.mjs']],
  deno: [bin('deno'), ['run', ...denoOptions, 'webgpu/console.mjs']],
  bun: [bin('bun'), ['webgpu/console.mjs']],
  chromium: [process.execPath, ['webgpu/browser/run.mjs']],
  "node, the backend's tests": [
    bin('vitest'),
    ['run', '--config', 'webgpu/vitest.config.ts', 'packages/backends/webgpu', 'packages/models/src/node18-backends'],
  ],
};
for (const [name, [command, args]] of Object.entries(onGpu)) {
  console.log(`--- webgpu in ${name}`);
  if (start(command, args, 600, environment).status !== 0) failed.push(`webgpu in ${name}`);
}

console.log('--- tensorflow in node');
if (process.env.NEURAL_ODE_LIBTENSORFLOW) {
  if (start(process.execPath, ['tensorflow/run.mjs'], 1800).status !== 0) failed.push('tensorflow in node');
} else {
  console.log(
    'not run: NEURAL_ODE_LIBTENSORFLOW names no libtensorflow, and nothing that could be downloaded here is one',
  );
}
if (bits.size > 1) failed.push('results are not the same to the last bit');
for (const name of failed) console.error(`failed: ${name}`);
process.exitCode = failed.length > 0 ? 1 : 0;
