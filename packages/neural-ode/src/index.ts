export {
  type AdaptiveController,
  type ArrayFunction,
  type ArrayPullback,
  type ArrayVjp,
  type BackwardStats,
  type Controller,
  constantController,
  FieldError,
  type Gradient,
  InvalidInputError,
  iController,
  NeuralOdeError,
  type Numbers,
  piController,
  pidController,
  RegistryError,
  register,
  registered,
  resolve,
  type SaveAt,
  type Solution,
  SolveError,
  type Solver,
  type Stats,
} from '@neural-ode/core';
export { aca } from '@neural-ode/gradient-aca';
export { adjoint, adjointGradient } from '@neural-ode/gradient-adjoint';
export { direct, naive, naiveGradient } from '@neural-ode/gradient-naive';
export * from '@neural-ode/solvers';
export { defineTableau, type Tableau, TableauError } from '@neural-ode/tableaux';
export {
  BackendError,
  describeBackend,
  type Like,
  SecondOrderError,
  type TensorFunction,
  type TensorTree,
  useBackend,
} from '@neural-ode/tensor';
export { type ArrayVjpOptions, type OdeintOptions, odeint, odeintAsync, odeintVjp } from './odeint.ts';
export { type ArrayProblem, type ArraySolveOptions, planMesh, solve, solveAsync } from './solve.ts';
export type { Method } from './standard.ts';
