import { register } from '@neural-ode/core';
import { webgpuBackend } from './webgpu-backend.ts';

declare module '@neural-ode/core' {
  interface BackendRegistry {
    webgpu: true;
  }
}

declare module '@neural-ode/tensor' {
  interface BackendOptions {
    /** Whether the webgpu backend may compute on the CPU with small tensors that are not on the GPU yet. Default true. */
    readonly cpuForward?: boolean | undefined;
  }
}

register('backend', 'webgpu', webgpuBackend, '@neural-ode/backend-webgpu');
