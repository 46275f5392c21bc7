import { useBackend } from '@neural-ode/tensor';
import { expect, test, vi } from 'vitest';
import './register.ts';

test('quotes why the device is not given', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('navigator', {
    gpu: {
      requestAdapter: async () => ({
        info: { vendor: 'nvidia', architecture: 'hopper', device: '', description: '' },
        features: new Set(),
        limits: {},
        requestDevice: async () => {
          throw new Error('too many devices');
        },
      }),
    },
  });
  await expect(useBackend('webgpu')).rejects.toThrow('tfjs could not start it on nvidia hopper: too many devices');
});
