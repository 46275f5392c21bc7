export { adjoint, adjointGradient, type AdjointOptions } from './adjoint.ts';
