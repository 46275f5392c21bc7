import { register } from '@neural-ode/core';
import { aca } from './aca.ts';

declare module '@neural-ode/core' {
  interface GradientRegistry {
    aca: true;
  }
}

register('gradient', 'aca', aca, '@neural-ode/gradient-aca');
