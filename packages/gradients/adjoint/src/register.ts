import { register } from '@neural-ode/core';
import { adjoint } from './adjoint.ts';

declare module '@neural-ode/core' {
  interface GradientRegistry {
    adjoint: true;
  }
}

register('gradient', 'adjoint', adjoint, '@neural-ode/gradient-adjoint');
