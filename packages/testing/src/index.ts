export { type Audit, audit } from './audit.ts';
export { relativeError, scaledError } from './closeness.ts';
export { describeController } from './controller-contract.ts';
export { convergenceOrder } from './convergence.ts';
export { deferredSpace } from './deferred-space.ts';
export { type DetestProblem, detestProblems } from './detest.ts';
export { type DetestResult, detestPage, solveDetest } from './detest-table.ts';
export { derivative, directionalDerivative, gradientByDifferences } from './finite-difference.ts';
export { describeGradient, type GradientClaims } from './gradient-contract.ts';
export { type DifferentiableProblem, fieldOf, reversed, type TestProblem } from './problem.ts';
export {
  arenstorf,
  differentiableProblems,
  drivenDecay,
  exponential,
  lotkaVolterra,
  rationalSystem,
  reference,
  spiral,
  spiralOf,
  threeBody,
  vanDerPol,
} from './problems.ts';
export { describeSolver, type SolverClaims } from './solver-contract.ts';
export { describeSpace, type SpaceAccess } from './space-contract.ts';
export { limitedTo, type StubSolver, stubSolver } from './stub-solver.ts';
export { pull, type Sensitivities, variational } from './variational.ts';
