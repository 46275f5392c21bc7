import { type ArrayFunction, type ArrayVjp, arrayField, type Field } from '@neural-ode/core';

/** An initial value problem on plain arrays. */
export interface TestProblem {
  readonly name: string;
  readonly f: ArrayFunction;
  readonly y0: readonly number[];
  readonly parameters: readonly number[];
  readonly t0: number;
  readonly t1: number;
  /** The solution at any time, where it has a formula. */
  readonly exact?: (t: number) => readonly number[];
}

/** A problem with its field's vector-Jacobian product, written by hand. */
export interface DifferentiableProblem extends TestProblem {
  readonly vjp: ArrayVjp;
}

/** The problem's field, optionally for parameters of another value. */
export function fieldOf(
  problem: TestProblem & { readonly vjp?: ArrayVjp },
  parameters: readonly number[] = problem.parameters,
): Field<Float64Array, Float64Array> {
  return arrayField(problem.f, { size: problem.y0.length, parameters, vjp: problem.vjp });
}

/** The same problem with time running the other way: z(s) = y(-s). */
export function reversed(problem: TestProblem): TestProblem {
  const { f, exact, t0, t1 } = problem;
  return {
    ...problem,
    name: `${problem.name}, reversed`,
    f: (s, z, p) => Array.from(f(-s, z, p), (slope) => -slope),
    t0: -t0,
    t1: -t1,
    ...(exact ? { exact: (s: number) => exact(-s) } : {}),
  };
}
