import type { Dense } from './tableau.ts';

/** What the Hermite interpolant needs of a method, as doubles. */
export interface HermiteSource {
  readonly order: number;
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/**
 * The cubic Hermite interpolant through y0, y1 and the slopes f(t0, y0), f(t1, y1), as weights on
 * stages (Hairer, Nørsett & Wanner I, II.6, eq. 6.7). A slope that is no stage becomes an extra one.
 * Its order is 3, or the method's where that is lower.
 */
export function hermiteDense(method: HermiteSource): Dense {
  const { order, c, a, b } = method;
  const extra: { c: number[]; a: number[][] } = { c: [], a: [] };
  const addStage = (abscissa: number, row: readonly number[]): number => {
    extra.c.push(abscissa);
    extra.a.push(padded(row, b.length + extra.a.length));
    return b.length + extra.a.length - 1;
  };
  const first = isZeroRow(a[0]) ? 0 : addStage(0, []);
  const last = endsAtY1(c, a, b) ? b.length - 1 : addStage(1, b);
  const weights = Array.from({ length: b.length + extra.a.length }, (_, i) => {
    const { [i]: weight = 0 } = b;
    const [f0, f1] = [i === first ? 1 : 0, i === last ? 1 : 0];
    // In the Bernstein basis of [0, 1] the inner coefficients follow from the slopes at the ends.
    return [0, f0 / 3, weight - f1 / 3, weight];
  });
  return { order: Math.min(order, 3), kind: 'hermite', extra, weights };
}

/** Whether the last stage is f(t1, y1). */
export function endsAtY1(c: readonly number[], a: readonly (readonly number[])[], b: readonly number[]): boolean {
  const row = padded(a.at(-1) ?? [], b.length);
  return c.at(-1) === 1 && b.every((weight, j) => row[j] === weight);
}

/** Whether a stage is f(t0, y0): nothing is added to y0. */
export function isZeroRow(row: readonly number[] | undefined): boolean {
  return row?.every((entry) => entry === 0) ?? true;
}

function padded(row: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, j) => row[j] ?? 0);
}
