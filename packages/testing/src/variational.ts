import type { DifferentiableProblem, TestProblem } from './problem.ts';

/** What a solution depends on: the start, the parameters, and a shift of all times. */
export interface Sensitivities {
  readonly y: readonly number[];
  /** Row i holds dy_i / dy0. */
  readonly y0: readonly (readonly number[])[];
  /** Row i holds dy_i / dp. */
  readonly parameters: readonly (readonly number[])[];
  /** dy_i / dtau for the field f(t + tau, y), the start held fixed. */
  readonly shift: readonly number[];
}

/**
 * The problem for (y, dy/dy0, dy/dp, dy/dtau). A Runge-Kutta method commutes with differentiation, so replaying a mesh
 * on it differentiates the replay of that mesh on the problem itself, exactly and without any gradient strategy.
 */
export function variational(problem: DifferentiableProblem): TestProblem & {
  split(z: ArrayLike<number>): Sensitivities;
} {
  const n = problem.y0.length;
  const m = problem.parameters.length;
  const columns = n + m + 1;
  const unit = (i: number) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0));

  return {
    name: `${problem.name}, variational`,
    f(t, z, p) {
      const y = z.slice(0, n);
      const slope = new Float64Array(n + n * columns);
      slope.set(Float64Array.from(problem.f(t, y, p)));
      for (let i = 0; i < n; i++) {
        // Row i of the Jacobians: the vector-Jacobian product of the unit vector.
        const row = problem.vjp(t, y, unit(i), p);
        for (let c = 0; c < columns; c++) {
          let sum = c < n ? 0 : c < n + m ? (row.p?.[c - n] ?? 0) : (row.t ?? 0);
          for (let j = 0; j < n; j++) sum += (row.y[j] as number) * (z[n + j * columns + c] as number);
          slope[n + i * columns + c] = sum;
        }
      }
      return slope;
    },
    y0: [
      ...problem.y0,
      ...Array.from({ length: n * columns }, (_, k) => (Math.floor(k / columns) === k % columns ? 1 : 0)),
    ],
    parameters: problem.parameters,
    t0: problem.t0,
    t1: problem.t1,
    split(z) {
      const values = Array.from(z);
      const rows = Array.from({ length: n }, (_, i) => values.slice(n + i * columns, n + (i + 1) * columns));
      return {
        y: values.slice(0, n),
        y0: rows.map((row) => row.slice(0, n)),
        parameters: rows.map((row) => row.slice(n, n + m)),
        shift: rows.map((row) => row[n + m] as number),
      };
    },
  };
}

/** cotangent . matrix. */
export function pull(cotangent: ArrayLike<number>, matrix: readonly (readonly number[])[]): number[] {
  return (matrix[0] ?? []).map((_, j) =>
    matrix.reduce((sum, row, i) => sum + (cotangent[i] as number) * (row[j] as number), 0),
  );
}
