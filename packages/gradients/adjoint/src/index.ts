export { type AdjointOptions, adjoint, adjointGradient } from './adjoint.ts';
