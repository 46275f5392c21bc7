// The tests of the backend of Node, on the libtensorflow that NEURAL_ODE_LIBTENSORFLOW names; see tools/libtensorflow.mjs.
// tfjs-node is installed in a folder of its own, since in the workspace its install would be everybody's.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const library = resolve(process.env.NEURAL_ODE_LIBTENSORFLOW);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'neural-ode-tfjs-node-'));
const start = (command, args, cwd, environment = {}) =>
  execFileSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
try {
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  start('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '@tensorflow/tfjs-node@^4.22.0'], project);
  start(process.execPath, [here('../../tools/libtensorflow.mjs'), library, project], project);
  const vitest = here('../node_modules/vitest/vitest.mjs');
  const tests = ['packages/backends/node', 'packages/models/src/node18-backends'];
  start(process.execPath, [vitest, 'run', '--config', here('vitest.config.ts'), ...tests], here('.'), {
    NEURAL_ODE_TFJS_NODE: project,
    NEURAL_ODE_REQUIRED: 'tensorflow',
  });
} finally {
  rmSync(project, { recursive: true });
}
