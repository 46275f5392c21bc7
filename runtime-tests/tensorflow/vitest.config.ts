// The tests that need tfjs-node, which lies outside of the workspace: in the folder that NEURAL_ODE_TFJS_NODE names.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import workspace from '../../vitest.config.ts';

const project = process.env.NEURAL_ODE_TFJS_NODE;
if (project === undefined) throw new Error('NEURAL_ODE_TFJS_NODE names no folder in which tfjs-node is installed.');
const { resolve } = createRequire(join(project, 'package.json'));

export default mergeConfig(
  workspace,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    resolve: { alias: { '@tensorflow/tfjs-node': resolve('@tensorflow/tfjs-node') } },
  }),
);
