export { mergeBatch, type SampleSizes, sampleCount, splitBatch } from './batch.ts';
export { checkChoice, checkOptions } from './check-options.ts';
export {
  type AdaptiveController,
  type ConstantController,
  type Controller,
  constantController,
  type Decision,
  iController,
  type Memory,
  type PidOptions,
  type PidRule,
  piController,
  pidController,
} from './controller.ts';
export {
  type Failure,
  FieldError,
  InvalidInputError,
  NeuralOdeError,
  RegistryError,
  SolveError,
  type Status,
} from './errors.ts';
export { countedField, type Field, type FieldCotangents, type FieldCounts } from './field.ts';
export {
  type ArrayFunction,
  type ArrayVjp,
  arrayField,
  type FieldBearer,
  float64Space,
  type Numbers,
  toFloat64,
} from './float64.ts';
export type { BackwardStats, Cotangents, Gradient, GradientTask, Recording, SampleSolve, Stats } from './gradient.ts';
export {
  type AdaptiveStepping,
  type Advance,
  type FixedStepping,
  integrate,
  type Outcome,
  type Progress,
  resolution,
  type SampleAdvance,
  type Stepping,
  slack,
  type Task,
  type Trial,
} from './integrate.ts';
export { checkTimes, type Mesh, uniformMesh } from './mesh.ts';
export { copy } from './observe.ts';
export { type ArrayOptions, type ArrayPullback, odeint, odeintVjp, solve } from './odeint.ts';
export { power, powerRange, powerSeries } from './power.ts';
export { type Prepared, type Problem, prepare, type StepOptions, stepOptionNames } from './prepare.ts';
export { Accumulator, pullbackSteps, type Steps, timeCotangents } from './pullback.ts';
export { countFrom, type Recorded, record, replayCotangents, withFirstOutput } from './record.ts';
export {
  type BackendRegistry,
  type ByValueOrName,
  type ControllerRegistry,
  type GradientRegistry,
  type Kind,
  type RegistryKinds,
  type RegistryNames,
  register,
  registered,
  resolve,
  type SolverRegistry,
} from './registry.ts';
export { type Deferred, mapReadings, type Reading, type Routine, read, readNow, runAsync, runSync } from './routine.ts';
export { perSample, solveSamples } from './samples.ts';
export { plan, replay, type SaveAt, type Solution, type SolveOptions, solveRoutine } from './solve.ts';
export type { Carry, Solver, Step, StepCotangents, Stepper, StepVjp, Trace } from './solver.ts';
export { type ErrorNorm, errorNorm, releaseAll, type Space, type Tolerance } from './space.ts';
export { warnOnce } from './warn.ts';
