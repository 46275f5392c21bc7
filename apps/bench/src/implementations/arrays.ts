import { odeintVjp, solve } from 'neural-ode';
import type { Runner } from '../entry.ts';
import type { GradientProblem } from '../problems/gradient-problem.ts';
import type { SolveProblem } from '../problems/solve-problem.ts';

/** neural-ode on plain arrays: one solve for each start. */
export function solveArrays({ f, starts, t0, t1, rtol, atol }: SolveProblem): Runner {
  const ends = new Float64Array(starts.length * (starts[0]?.length ?? 0));
  return {
    run() {
      let offset = 0;
      for (const y0 of starts) {
        const { ys } = solve({ f, y0, t0, t1 }, { solver: 'dopri5', rtol, atol });
        const end = ys[0] as Float64Array;
        ends.set(end, offset);
        offset += end.length;
      }
      return ends;
    },
  };
}

/** neural-ode on plain arrays: the ACA gradient, with the field's vector-Jacobian product written by hand. */
export function gradientArrays(problem: GradientProblem): Runner {
  const { f, vjp, y0, ts, parameters, rtol, atol } = problem;
  return {
    run() {
      const options = { solver: 'dopri5', gradient: 'aca', vjp, parameters, rtol, atol, wantTimes: false } as const;
      const { ys, pullback } = odeintVjp(f, y0, ts, options);
      return Float64Array.from(pullback(problem.lossCotangents(ys)).parameters);
    },
  };
}
