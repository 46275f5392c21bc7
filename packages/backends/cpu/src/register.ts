import { register } from '@neural-ode/core';
import { cpuBackend } from './cpu-backend.ts';

declare module '@neural-ode/core' {
  interface BackendRegistry {
    cpu: true;
  }
}

register('backend', 'cpu', cpuBackend, '@neural-ode/backend-cpu');
