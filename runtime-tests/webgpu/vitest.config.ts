// The tests that need a GPU, in Node with the npm package webgpu, which only these tests install.
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import workspace from '../../vitest.config.ts';

export default mergeConfig(
  workspace,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    resolve: { alias: { webgpu: fileURLToPath(import.meta.resolve('webgpu')) } },
  }),
);
