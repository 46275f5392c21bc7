export {
  type Backend,
  type BackendDescription,
  BackendError,
  type BackendOptions,
  type BackendPart,
  describeBackend,
  useBackend,
} from './backend.ts';
export { odeint, odeintAsync, SecondOrderError } from './odeint.ts';
export type { TensorOptions, TensorStepOptions } from './options.ts';
export { type Leaves, type OwnField, ownField, ownFieldOf } from './own-field.ts';
export type { Reads } from './probe.ts';
export { planMesh, solve, solveAsync, type TensorProblem, type TensorSolveOptions } from './solve.ts';
export type { StateKernels } from './state-kernels.ts';
export type { TensorFunction } from './tensor-function.ts';
export { completeGradients } from './tfjs-gradients/complete.ts';
export { convolutionFilterGradient } from './tfjs-gradients/convolution.ts';
export type { Times } from './times.ts';
export type { Like, TensorTree } from './tree.ts';
