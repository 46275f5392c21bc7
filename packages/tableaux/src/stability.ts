import type { Tableau } from './tableau.ts';

/** A complex number: real and imaginary part. */
export type Complex = readonly [re: number, im: number];

/** R(z), by which one step of size h multiplies y in y' = lambda y, with z = h lambda. */
export interface StabilityFunction {
  /** r_k, the coefficients of z^k; undefined for an implicit method, whose R is rational. */
  readonly coefficients: readonly number[] | undefined;
  /** R at a complex z. */
  at(z: Complex): Complex;
}

/**
 * The stability function R(z) = 1 + z b^T (I - z A)^-1 1 (Hairer & Wanner II, IV.2 and IV.3).
 *
 * @param tableau any tableau
 * @example
 * stabilityFunction(rk4).coefficients; // [1, 1, 1/2, 1/6, 1/24]
 */
export function stabilityFunction(tableau: Tableau): StabilityFunction {
  const coefficients = tableau.explicit ? powers(tableau) : undefined;
  const at = coefficients ? (z: Complex) => horner(coefficients, z) : (z: Complex) => resolvent(tableau, z);
  return { coefficients, at };
}

/**
 * The real stability interval: the largest x with |R(-s)| <= 1 for all s in [0, x].
 *
 * @returns x to about 1e-12; Infinity when an implicit method stays stable up to 1000
 */
export function realStabilityInterval(tableau: Tableau): number {
  const { at } = stabilityFunction(tableau);
  return firstExit((s) => Math.hypot(...at([-s, 0])), searchLimit(tableau));
}

/**
 * The imaginary stability interval: the largest y with |R(is)| <= 1 for all s in [0, y].
 *
 * @returns y to about 1e-12; Infinity when an implicit method stays stable up to 1000
 */
export function imaginaryStabilityInterval(tableau: Tableau): number {
  const { coefficients, at } = stabilityFunction(tableau);
  if (coefficients && growsAtOrigin(coefficients)) return 0;
  return firstExit((s) => Math.hypot(...at([0, s])), searchLimit(tableau));
}

/** r_0 = 1 and r_k = b^T A^(k-1) 1. */
function powers({ a, b }: Tableau): number[] {
  const coefficients = [1];
  let vector = b.map(() => 1);
  for (const _ of b) {
    coefficients.push(b.reduce((sum, weight, i) => sum + weight * (vector[i] as number), 0));
    vector = a.map((row) => row.reduce((sum, x, j) => sum + x * (vector[j] as number), 0));
  }
  while (coefficients.at(-1) === 0) coefficients.pop();
  return coefficients;
}

function horner(coefficients: readonly number[], z: Complex): Complex {
  return coefficients.reduceRight<Complex>(
    (sum, r) => {
      const [re, im] = multiply(sum, z);
      return [re + r, im];
    },
    [0, 0],
  );
}

/** 1 + z b^T k, where (I - z A) k = 1 is solved by elimination with pivots. */
function resolvent({ a, b, stages }: Tableau, z: Complex): Complex {
  const rows = a.map((row, i) => [
    ...Array.from({ length: stages }, (_, j): Complex => {
      const { [j]: entry = 0 } = row;
      return [(i === j ? 1 : 0) - z[0] * entry, -z[1] * entry];
    }),
    [1, 0] as Complex,
  ]);
  for (let j = 0; j < stages; j++) {
    const size = (row: readonly Complex[]): number => Math.hypot(...(row[j] as Complex));
    const rest = rows.slice(j);
    const pivot = rest.reduce((best, row) => (size(row) > size(best) ? row : best));
    rows[rows.indexOf(pivot)] = rows[j] as Complex[];
    const scaled = pivot.map((x) => divide(x, pivot[j] as Complex));
    for (const [i, row] of rows.entries()) {
      rows[i] = i === j ? scaled : row.map((x, k) => subtract(x, multiply(row[j] as Complex, scaled[k] as Complex)));
    }
  }
  const sum = b.reduce<Complex>(
    ([re, im], weight, i) => {
      const [x, y] = (rows[i] as Complex[])[stages] as Complex;
      return [re + weight * x, im + weight * y];
    },
    [0, 0],
  );
  const [re, im] = multiply(z, sum);
  return [1 + re, im];
}

/** An explicit method of s stages is unstable beyond 2 s^2, whatever its coefficients. */
function searchLimit({ explicit, stages }: Tableau): number {
  return explicit ? 2 * stages ** 2 + 1 : 1000;
}

/** Where |R| first exceeds 1: a scan, then bisection. */
function firstExit(modulus: (s: number) => number, limit: number): number {
  const [step, roundoff] = [0.005, 1e-13];
  const inside = (s: number): boolean => modulus(s) <= 1 + roundoff;
  let low = 0;
  while (inside(low + step)) {
    low += step;
    if (low > limit) return Number.POSITIVE_INFINITY;
  }
  let high = low + step;
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (inside(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether |R(iy)|^2 - 1, a polynomial in y, begins with a positive coefficient. */
function growsAtOrigin(coefficients: readonly number[]): boolean {
  const roundoff = 1e-14;
  for (let power = 2; power < 2 * coefficients.length; power += 2) {
    let sum = 0;
    for (let k = 0; k <= power; k++) {
      // i^k conj(i)^(power - k) is real: (-1)^(k + power / 2)
      const sign = (k + power / 2) % 2 === 0 ? 1 : -1;
      sum += sign * (coefficients[k] ?? 0) * (coefficients[power - k] ?? 0);
    }
    if (Math.abs(sum) > roundoff) return sum > 0;
  }
  return false;
}

function multiply([a, b]: Complex, [c, d]: Complex): Complex {
  return [a * c - b * d, a * d + b * c];
}

function divide(x: Complex, [c, d]: Complex): Complex {
  const [re, im] = multiply(x, [c, -d]);
  const square = c * c + d * d;
  return [re / square, im / square];
}

function subtract([a, b]: Complex, [c, d]: Complex): Complex {
  return [a - c, b - d];
}
