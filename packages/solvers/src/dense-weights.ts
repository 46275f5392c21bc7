import type { Dense } from '@neural-ode/tableaux';

/** b_i(theta) for every stage and extra stage i. */
export function denseWeights({ weights }: Dense, theta: number): number[] {
  const basis = bernsteinBasis((weights[0]?.length ?? 1) - 1, theta);
  return weights.map((row) => row.reduce((sum, weight, k) => sum + weight * (basis[k] as number), 0));
}

/** db_i/dtheta for every stage and extra stage i. */
export function denseSlopes({ weights }: Dense, theta: number): number[] {
  const degree = (weights[0]?.length ?? 1) - 1;
  const basis = bernsteinBasis(degree - 1, theta);
  return weights.map(
    (row) => degree * basis.reduce((sum, value, k) => sum + value * ((row[k + 1] as number) - (row[k] as number)), 0),
  );
}

/** C(n, k) theta^k (1 - theta)^(n - k) for k = 0..n. */
function bernsteinBasis(degree: number, theta: number): number[] {
  let basis = [1];
  for (let n = 1; n <= degree; n++) {
    const [lower, upper] = [
      [...basis, 0],
      [0, ...basis],
    ];
    basis = lower.map((value, k) => (1 - theta) * value + theta * (upper[k] as number));
  }
  return basis;
}
