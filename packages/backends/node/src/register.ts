import { register } from '@neural-ode/core';
import { nodeBackend } from './node-backend.ts';

declare module '@neural-ode/core' {
  interface BackendRegistry {
    tensorflow: true;
  }
}

register('backend', 'tensorflow', nodeBackend, '@neural-ode/backend-node');
