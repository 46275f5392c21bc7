import { abs, fromDouble, mul, one } from './fixed-point.mjs';

/**
 * The polynomial p of a degree that makes the largest |weight (f - p)| on [a, b] smallest, by Remez' exchange over a fine
 * grid (Cheney, Introduction to Approximation Theory, 1966, chapter 3; Muller, Elementary Functions, 2016, section 3.5).
 * Everything is fixed point; `a` and `b` are doubles. Returns the coefficients and the error.
 */
export function remez({ f, weight, a, b, degree }) {
  const count = 60 * (degree + 2);
  const grid = Array.from({ length: count }, (_, i) => {
    const x = fromDouble((a + b) / 2 - ((b - a) / 2) * Math.cos((Math.PI * (i + 0.5)) / count));
    return { x, f: f(x), w: weight(x) };
  });
  let reference = Array.from({ length: degree + 2 }, (_, i) => {
    const place = (1 - Math.cos((Math.PI * i) / (degree + 1))) / 2;
    return grid[Math.round(place * (count - 1))];
  });
  let best;
  for (let round = 0; round < 30; round++) {
    const rows = reference.map(({ x, f, w }, i) => {
      const row = [];
      let power = one;
      for (let j = 0; j <= degree; j++) {
        row.push(power);
        power = mul(power, x);
      }
      row.push(((i % 2 ? -1n : 1n) * one * one) / w, f);
      return row;
    });
    const solution = solve(rows);
    const coefficients = solution.slice(0, -1);
    const level = abs(solution.at(-1));
    const errors = grid.map(({ x, f, w }) => {
      let value = 0n;
      for (let j = degree; j >= 0; j--) value = mul(value, x) + coefficients[j];
      return mul(w, f - value);
    });
    const extrema = [];
    for (let i = 0; i < count; i++) {
      const last = extrema.at(-1);
      if (last !== undefined && errors[last] >= 0n === errors[i] >= 0n) {
        if (abs(errors[i]) > abs(errors[last])) extrema[extrema.length - 1] = i;
      } else {
        extrema.push(i);
      }
    }
    while (extrema.length > degree + 2) {
      if (abs(errors[extrema[0]]) < abs(errors[extrema.at(-1)])) extrema.shift();
      else extrema.pop();
    }
    const error = abs(errors[extrema.reduce((at, i) => (abs(errors[i]) > abs(errors[at]) ? i : at))]);
    if (!best || error < best.error) best = { coefficients, error };
    if (extrema.length < degree + 2 || error - level < error / 1000n) break;
    reference = extrema.map((i) => grid[i]);
  }
  return best;
}

/** Gaussian elimination with pivoting; each row ends with its right-hand side. */
function solve(rows) {
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let k = i + 1; k < n; k++) if (abs(rows[k][i]) > abs(rows[pivot][i])) pivot = k;
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let k = i + 1; k < n; k++) {
      const factor = (rows[k][i] * one) / rows[i][i];
      for (let j = i; j <= n; j++) rows[k][j] -= mul(factor, rows[i][j]);
    }
  }
  const solution = Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let value = rows[i][n];
    for (let j = i + 1; j < n; j++) value -= mul(rows[i][j], solution[j]);
    solution[i] = (value * one) / rows[i][i];
  }
  return solution;
}
