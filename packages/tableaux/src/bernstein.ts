import { parseCoefficient } from './coefficient.ts';
import { commonDenominator, toDouble } from './rational.ts';
import type { Coefficient } from './tableau.ts';

/**
 * Polynomials without constant term, from powers of theta to the Bernstein basis of [0, 1], computed exactly and rounded
 * once. Powers of the high orders' dense weights cancel over up to seven digits; on [0, 1] the Bernstein basis does not.
 *
 * @param rows row i holds the coefficients of theta, theta^2, ..., theta^n
 * @returns row i holds the n + 1 coefficients beta_k of sum_k beta_k C(n, k) theta^k (1 - theta)^(n - k)
 */
export function bernsteinRows(rows: readonly (readonly Coefficient[])[]): number[][] {
  const exact = rows.map((row) => row.map((coefficient) => parseCoefficient(coefficient).rational));
  const common = commonDenominator(exact.flat());
  return exact.map((row) => {
    const degree = row.length;
    const powers = row.map(({ numerator, denominator }) => (numerator * common) / denominator);
    // beta_k = sum_j C(k, j) / C(n, j) a_j, over the common denominator n! of the binomials.
    const scale = factorial(degree);
    return Array.from({ length: degree + 1 }, (_, k) => {
      const numerator = powers.reduce(
        (sum, power, j) => sum + ((binomial(k, j + 1) * scale) / binomial(degree, j + 1)) * power,
        0n,
      );
      return toDouble({ numerator, denominator: scale * common });
    });
  });
}

function factorial(n: number): bigint {
  return n <= 1 ? 1n : BigInt(n) * factorial(n - 1);
}

function binomial(n: number, k: number): bigint {
  return k > n ? 0n : factorial(n) / (factorial(k) * factorial(n - k));
}
