import { expect, it } from 'vitest';
import { allTableaux } from './all.ts';
import type { Tableau } from './tableau.ts';

type Field = (t: number, y: number) => number;

/** y(t0 + theta h), from stages and extra stages, as any solver computes it. */
function interpolate({ c, a, dense }: Tableau, f: Field, y0: number, h: number, theta: number): number {
  const k: number[] = [];
  const abscissae = [...c, ...dense.extra.c];
  for (const [i, row] of [...a, ...dense.extra.a].entries()) {
    const y = y0 + h * row.reduce((sum, x, j) => sum + x * (k[j] as number), 0);
    k.push(f((abscissae[i] as number) * h, y));
  }
  return y0 + h * dense.weights.reduce((sum, row, i) => sum + polynomial(row, theta) * (k[i] as number), 0);
}

/** De Casteljau's algorithm. */
const polynomial = (row: readonly number[], theta: number): number =>
  row.length === 1
    ? (row[0] as number)
    : polynomial(
        row.slice(1).map((weight, k) => (1 - theta) * (row[k] as number) + theta * weight),
        theta,
      );

it.each(allTableaux.map((tableau) => [tableau.name, tableau] as const))(
  '%s interpolates a nonlinear solution with its local order',
  (name, tableau) => {
    // y' = y^2 cos t, y(0) = 1: y = 1 / (1 - sin t)
    const field: Field = (t, y) => y * y * Math.cos(t);
    const error = (h: number): number => {
      const errors = [0.2, 0.45, 0.7, 1].map((theta) =>
        Math.abs(interpolate(tableau, field, 1, h, theta) - 1 / (1 - Math.sin(theta * h))),
      );
      return Math.max(...errors);
    };
    // Steps long enough that the error of high orders stays above round-off.
    const h = { 6: 0.3, 7: 0.3, 8: 0.7, 9: 0.4 }[tableau.dense.order] ?? 0.05;
    const observed = Math.log2(error(h) / error(h / 2));
    expect(observed, name).toBeGreaterThan(tableau.dense.order + 0.6);
  },
);
