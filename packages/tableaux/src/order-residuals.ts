import { specOf } from './build-tableau.ts';
import { parseCoefficient } from './coefficient.ts';
import { exactResidual } from './elementary-weights.ts';
import type { Coefficient, Tableau } from './tableau.ts';
import { type Tree, treesUpTo } from './tree.ts';

/** One order condition and by how much it is missed. */
export interface OrderResidual {
  readonly tree: Tree;
  /** sum_i b_i Phi_i(t) - 1/gamma(t), correctly rounded; 0 when it holds exactly. */
  readonly residual: number;
}

/**
 * The residuals of all order conditions of a tableau's weights, in exact arithmetic from its
 * coefficients as they were written (Butcher 1963; Hairer, Nørsett & Wanner I, Theorem II.2.13).
 *
 * @param tableau any tableau
 * @param order up to which order; default one more than the tableau's, whose residuals are the
 *   coefficients of its leading error
 * @example
 * orderResiduals(rk4, 4).every(({ residual }) => residual === 0); // true
 */
export function orderResiduals(tableau: Tableau, order: number = tableau.order + 1): OrderResidual[] {
  const { a, b } = specOf(tableau) ?? tableau;
  const rationals = (row: readonly Coefficient[]) => row.map((x) => parseCoefficient(x).rational);
  const residual = exactResidual(a.map(rationals));
  const row = rationals(b);
  return treesUpTo(order).map((tree) => ({ tree, residual: residual(row, tree) }));
}
