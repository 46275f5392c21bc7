import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeBackend } from './index.ts';
import { explain } from './load-tfjs-node.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('is none outside of Node', async () => {
  expect(await nodeBackend.probe()).toBeUndefined();
  vi.stubGlobal('process', undefined);
  expect(await nodeBackend.probe()).toMatch(/Node alone/);
});

test.each([
  "Cannot find package '@tensorflow/tfjs-node' imported from /app/node-backend.js",
  'Could not resolve "@tensorflow/tfjs-node" imported by "@neural-ode/backend-node".',
])('says that the package is absent', (message) => {
  expect(explain({ message })).toMatch(/is not installed: npm install @tensorflow\/tfjs-node/);
});

test('says why the addon was not built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-node-'));
  const message =
    'The Node.js native addon module (tfjs_binding.node) can not be found at path: ' +
    `${folder}/lib/napi-v8/tfjs_binding.node. \nPlease run command 'npm rebuild @tensorflow/tfjs-node'`;
  try {
    expect(explain({ message })).toMatch(/its install script did not run/);
    mkdirSync(join(folder, 'deps'));
    expect(explain({ message })).toMatch(/could not download libtensorflow/);
    mkdirSync(join(folder, 'deps/lib'));
    expect(explain({ message })).toMatch(/could not be compiled/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('quotes why the addon or the package does not load', () => {
  const message = 'libtensorflow.so.2: cannot open shared object file: No such file or directory';
  expect(explain({ message, code: 'ERR_DLOPEN_FAILED' })).toBe(
    `the addon of @tensorflow/tfjs-node does not load: ${message}`,
  );
  expect(explain({ message: 'no reason' })).toBe('the package @tensorflow/tfjs-node does not load: no reason');
});
