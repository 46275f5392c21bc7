import { buildTableau } from './build-tableau.ts';
import { checkSpec } from './check-spec.ts';
import type { Coefficient, Tableau, TableauSpec } from './tableau.ts';

/** A specification whose number of stages the compiler reads off `c`, when written as a literal. */
export type SpecOf<C extends readonly Coefficient[]> = Omit<TableauSpec<C['length']>, 'c'> & {
  readonly c: C;
};

/**
 * Defines a Runge-Kutta method by its coefficients, and checks that it is one: lengths, row sums
 * and the order conditions of the solution, the embedded solution and the dense output, each up to
 * the order claimed. Where all coefficients involved are exact text the conditions must hold
 * exactly, else to 1e-13 of the size of the terms summed.
 *
 * @param spec the coefficients; lengths are also checked by the compiler where they are literals.
 *   More order than claimed is fine. Without `dense` the cubic Hermite interpolant is used
 * @returns the tableau in double precision, for every solver, strategy and compiler here
 * @throws TableauError when the specification is refused; its fields say what and where
 * @example
 * const ralston3 = defineTableau({
 *   name: 'ralston3',
 *   order: 3,
 *   c: ['0', '1/2', '3/4'],
 *   a: [[], ['1/2'], ['0', '3/4']],
 *   b: ['2/9', '1/3', '4/9'],
 *   citation: { authors: 'Ralston', year: 1962, title: 'Runge-Kutta methods with minimum error bounds' },
 * });
 */
export function defineTableau<const C extends readonly Coefficient[]>(spec: SpecOf<C>): Tableau {
  // Rows typed by length are read-only arrays of coefficients too, which a generic C cannot show.
  const loose = spec as unknown as TableauSpec;
  checkSpec(loose);
  return buildTableau(loose);
}
