import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { probeFeatures } from '@neural-ode/assembler';
import { BackendError, describeBackend, useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import './register.ts';
import { wasmBackend } from './index.ts';

// In this order: a failed start must leave the next one possible.
test('names a binary that is missing', async () => {
  const error = await useBackend('wasm', { wasmPaths: '/nowhere/at/all' }).catch((e) => e);
  expect(error).toBeInstanceOf(BackendError);
  expect(error.reasons.wasm).toMatch(/^\/nowhere\/at\/all\/tfjs-backend-wasm-simd\.wasm cannot be read \(ENOENT/);
});

test('names a binary that is broken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-'));
  writeFileSync(join(folder, 'tfjs-backend-wasm-simd.wasm'), 'no wasm');
  await expect(useBackend(wasmBackend, { wasmPaths: folder })).rejects.toThrow(
    /tfjs-backend-wasm-simd\.wasm is no WebAssembly/,
  );
  await expect(useBackend(wasmBackend, { wasmPaths: {} })).rejects.toThrow(/wasmPaths has no entry/);
});

test('names every place where a page looks', async () => {
  // As in a page: without Node's modules, and with a server that answers whatever is asked.
  vi.stubGlobal('process', { ...process, getBuiltinModule: undefined });
  vi.stubGlobal('fetch', async (url: string) => {
    if (url.startsWith('/node_modules')) return new Response('<!doctype html>');
    return new Response('', { status: 404 });
  });
  try {
    const { reasons } = await useBackend('wasm').catch((error) => error);
    expect(reasons.wasm.replace(/^\S*\//, '')).toBe(
      'tfjs-backend-wasm-simd.wasm cannot be read (HTTP status 404), ' +
        'tfjs-backend-wasm-simd.wasm cannot be read (HTTP status 404), ' +
        '/node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm is no WebAssembly that runs here: ' +
        'give the folder of the .wasm files as wasmPaths.',
    );
  } finally {
    vi.unstubAllGlobals();
  }
});

test.each([1, 2])('takes its file from a server, threads: %d', async (threads) => {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(readFileSync(join(folder, url)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const { port } = server.address() as AddressInfo;
    const wasmPaths = `http://127.0.0.1:${port}`;
    expect(await useBackend('wasm', { wasmPaths, threads })).toMatchObject({ name: 'wasm', threads });
    expect(new Set(asked)).toEqual(new Set([`/tfjs-backend-wasm${threads > 1 ? '-threaded' : ''}-simd.wasm`]));
  } finally {
    server.close();
    tf.removeBackend('wasm');
  }
});

test('starts, again and again, and leaves no process listener', async () => {
  const listeners = () => [
    process.listeners('uncaughtException').length,
    process.listeners('unhandledRejection').length,
  ];
  const before = listeners();
  for (const which of ['wasm', wasmBackend, ['wasm'], 'auto'] as const) {
    expect(await useBackend(which)).toMatchObject({ name: 'wasm', simd: true, threads: 1 });
  }
  expect(tf.getBackend()).toBe('wasm');
  expect(listeners()).toEqual(before);
});

test('computes, and tells what it holds', async () => {
  await useBackend('wasm');
  const x = tf.tensor1d([1, 2, 3]);
  const y = tf.add(x, x);
  expect([...y.dataSync()]).toEqual([2, 4, 6]);
  const { memory, ...description } = describeBackend();
  const { relaxedSimd } = probeFeatures();
  expect(description).toEqual({
    name: 'wasm',
    precision: 'float32',
    simd: true,
    relaxedSimd,
    threads: 1,
    bytes: 24,
    tensors: 2,
  });
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  expect(memory).toBe(wasm.HEAPU8.byteLength);
  tf.dispose([x, y]);
});

test('differentiates a fused convolution by its filter', async () => {
  await useBackend('wasm');
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.reshape(tf.linspace(-1, 1, 100), [2, 5, 5, 2]) as tf.Tensor4D;
    const filter = tf.reshape(tf.linspace(-1, 1, 36), [3, 3, 2, 2]) as tf.Tensor4D;
    const fused = tf.grad((filter) =>
      tf.sum(tf.square(tf.fused.conv2d({ x, filter: filter as tf.Tensor4D, strides: 1, pad: 'same' }))),
    )(filter);
    const plain = tf.grad((filter) => tf.sum(tf.square(tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'))))(filter);
    expect([...tf.abs(tf.sub(fused, plain)).dataSync()].every((difference) => difference < 1e-3)).toBe(true);
  });
  expect(tf.memory().numTensors).toBe(before);
});
