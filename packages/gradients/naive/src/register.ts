import { register } from '@neural-ode/core';
import { direct, naive } from './naive.ts';

declare module '@neural-ode/core' {
  interface GradientRegistry {
    naive: true;
    direct: true;
  }
}

register('gradient', 'naive', naive, '@neural-ode/gradient-naive');
register('gradient', 'direct', direct, '@neural-ode/gradient-naive');
