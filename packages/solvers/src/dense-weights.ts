import type { Dense } from '@neural-ode/tableaux';

/** b_i(theta) for every stage and extra stage i. */
export function denseWeights(dense: Dense, theta: number): number[] {
  // The weights are polynomials in theta without constant term, lowest power first.
  return dense.weights.map((w) => theta * w.reduceRight((sum, c) => sum * theta + c, 0));
}

/** db_i/dtheta for every stage and extra stage i. */
export function denseSlopes(dense: Dense, theta: number): number[] {
  return dense.weights.map((w) => w.reduceRight((sum, c, k) => sum * theta + (k + 1) * c, 0));
}
