import '@neural-ode/core/register';
import '@neural-ode/gradient-aca/register';
import '@neural-ode/gradient-adjoint/register';
import '@neural-ode/gradient-naive/register';
import '@neural-ode/solvers/register';
import type { ByValueOrName, Numbers } from '@neural-ode/core';
import { explicitRungeKutta } from '@neural-ode/solvers';
import type { Tableau } from '@neural-ode/tableaux';

/** A method: a solver, an explicit tableau, or the registered name of a solver. */
export type Method = ByValueOrName<'solver'> | Tableau;

/** Options with this library's defaults. */
export type Defaulted<O extends { solver: unknown }> = Omit<O, 'solver'> & {
  /** Default `'dopri5'`. */
  readonly solver?: Method | undefined;
};

/** Fills in the default solver, and makes a solver of a tableau. */
export function withSolver<O extends { readonly solver?: Method | undefined }>(
  options: O,
): Omit<O, 'solver'> & { readonly solver: ByValueOrName<'solver'> } {
  const { solver = 'dopri5', ...rest } = options;
  return { solver: isTableau(solver) ? explicitRungeKutta(solver) : solver, ...rest };
}

/** Whether a state is plain numbers, not tensors. */
export function isNumbers(y: unknown): y is Numbers {
  return y instanceof Float64Array || (Array.isArray(y) && y.every((value) => typeof value === 'number'));
}

function isTableau(method: Exclude<Method, string> | string): method is Tableau {
  return typeof method !== 'string' && !('bind' in method);
}
