import type { Dense } from '@neural-ode/tableaux';

/** b_i(theta) for every stage and extra stage i. */
export function denseWeights({ weights }: Dense, theta: number): number[] {
  const basis = bernsteinBasis((weights[0]?.length ?? 1) - 1, theta);
  return weights.map((row) => dot(row, basis));
}

/** db_i/dtheta for every stage and extra stage i. */
export function denseSlopes({ weights }: Dense, theta: number): number[] {
  const degree = (weights[0]?.length ?? 1) - 1;
  const basis = bernsteinBasis(degree - 1, theta);
  return weights.map(
    (row) => degree * basis.reduce((sum, value, k) => sum + value * ((row[k + 1] as number) - (row[k] as number)), 0),
  );
}

/** C(n, k) theta^k (1 - theta)^(n - k) for k = 0..n, raised from degree to degree in place. */
function bernsteinBasis(degree: number, theta: number): number[] {
  const basis = [1];
  for (let n = 1; n <= degree; n++) {
    basis.push(theta * (basis[n - 1] as number));
    for (let k = n - 1; k > 0; k--) {
      basis[k] = (1 - theta) * (basis[k] as number) + theta * (basis[k - 1] as number);
    }
    basis[0] = (1 - theta) * (basis[0] as number);
  }
  return basis;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}
