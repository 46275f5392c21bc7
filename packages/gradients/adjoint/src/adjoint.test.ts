import { describeGradient } from '@neural-ode/testing';
import { adjoint, adjointGradient } from './index.ts';

describeGradient('adjoint', adjoint, { of: 'equation', accuracy: 1e-6 });
describeGradient('adjoint with the full norm', adjointGradient({ seminorm: false }), {
  of: 'equation',
  accuracy: 1e-6,
});
