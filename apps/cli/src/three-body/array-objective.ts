import { type PlainField, solvePlain } from '../plain-field.ts';
import type { Objective, SolveOptions } from './objective.ts';
import type { Observations } from './observations.ts';
import { initialState, positionCount } from './problem.ts';

/** The objective on plain arrays, in double precision; the parameters of the field are the masses. */
export function arrayObjective(
  field: PlainField,
  { ts, positions, weights }: Observations,
  options: SolveOptions,
): Objective {
  return {
    evaluate(masses) {
      const solve = solvePlain(field, initialState, ts, { ...options, parameters: masses, wantTimes: false });
      let loss = 0;
      const cotangents = solve.ys.map((y, n) => {
        const cotangent = new Float64Array(y.length);
        const weight = weights[n] as number;
        for (let c = 0; c < positionCount; c++) {
          const difference = (y[c] as number) - (positions[n]?.[c] as number);
          loss += weight * difference ** 2;
          cotangent[c] = 2 * weight * difference;
        }
        return cotangent;
      });
      const { parameters, stats } = solve.pullback(cotangents);
      return { loss, gradient: [...parameters], forward: solve.stats, backward: stats };
    },
    dispose() {},
  };
}
