import { useBackend } from '@neural-ode/tensor';
import { afterEach, expect, test, vi } from 'vitest';
import './register.ts';
import { webgpuBackend } from './index.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A navigator whose adapter is this. */
const navigatorOf = (adapter: object | null | Error) => ({
  gpu: {
    requestAdapter: async () => {
      if (adapter instanceof Error) throw adapter;
      return adapter;
    },
  },
});

const gpu = {
  info: { vendor: 'nvidia', architecture: 'hopper', device: '', description: '' },
  features: new Set(),
  limits: {},
  requestDevice: async () => {
    throw new Error('the device is lost');
  },
};
const imitation = { ...gpu, info: { ...gpu.info, isFallbackAdapter: true } };

const priority = webgpuBackend.priority as () => Promise<number>;

test('tells a page that may not have it from a browser that does not know it', async () => {
  vi.stubGlobal('process', undefined);
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('isSecureContext', false);
  expect(await webgpuBackend.probe()).toMatch(/no secure context: serve it by https/);
  vi.stubGlobal('isSecureContext', true);
  expect(await webgpuBackend.probe()).toMatch(/this browser is too old/);
  expect(await priority()).toBe(0);
});

// `npm run runtimes` runs these tests with the package.
const installed = await import('webgpu' as string).then(
  () => true,
  () => false,
);
test.skipIf(installed)('says what to install in Node, where the package webgpu is not installed', async () => {
  vi.stubGlobal('navigator', {});
  expect(await webgpuBackend.probe()).toMatch(/npm install webgpu\.$/);
});

test.each([
  [null, 'requestAdapter resolves to null'],
  [new Error('no Vulkan'), 'no Vulkan'],
])('says that there is no adapter, and quotes why', async (adapter, reason) => {
  vi.stubGlobal('navigator', navigatorOf(adapter));
  expect(await webgpuBackend.probe()).toContain(`navigator.gpu gives no adapter (${reason})`);
});

test('comes first where there is a GPU, and last where a program imitates one', async () => {
  vi.stubGlobal('navigator', navigatorOf(gpu));
  expect(await priority()).toBe(20);
  expect(await webgpuBackend.probe()).toBeUndefined();
  vi.stubGlobal('navigator', navigatorOf(imitation));
  expect(await priority()).toBe(0);
  expect(await webgpuBackend.probe()).toBeUndefined();
});

test('is told that tfjs was loaded too early', async () => {
  vi.stubGlobal('navigator', undefined);
  await import('@tensorflow/tfjs-backend-webgpu');
  vi.stubGlobal('navigator', navigatorOf(gpu));
  await expect(useBackend('webgpu')).rejects.toThrow(/imported before navigator.gpu was there/);
});
