import type { ArrayFunction } from 'neural-ode';

/** A problem with its end state, for the diagrams. */
export interface PrecisionProblem {
  readonly name: string;
  readonly title: string;
  readonly f: ArrayFunction;
  readonly y0: readonly number[];
  readonly t0: number;
  readonly t1: number;
  readonly end: readonly number[];
}

/**
 * Two of Hull, Enright, Fellen & Sedgwick 1972, doi:10.1137/0709052, and the van der Pol equation (E2 there), with their
 * end states by extrapolation in multiple precision.
 */
export const precisionProblems: readonly PrecisionProblem[] = [
  {
    name: 'predator-prey',
    title: 'Predator and prey (DETEST B1)',
    f: (_t, [x = 0, y = 0]) => [2 * (x - x * y), -(y - x * y)],
    y0: [1, 3],
    t0: 0,
    t1: 20,
    end: [0.6761876008576606, 0.18608160996400297],
  },
  {
    name: 'orbit',
    title: 'Orbit of eccentricity 0.5 (DETEST D3)',
    f: (_t, [x = 0, y = 0, u = 0, v = 0]) => {
      const square = x * x + y * y;
      const cube = square * Math.sqrt(square);
      return [u, v, -x / cube, -y / cube];
    },
    y0: [0.5, 0, 0, 1.7320508075688772],
    t0: 0,
    t1: 20,
    end: [-0.5780432953035362, 0.8633840009194192, -0.9595083730380727, -0.06504915126712091],
  },
  {
    name: 'van-der-pol',
    title: 'van der Pol, mu = 1 (DETEST E2)',
    f: (_t, [x = 0, v = 0]) => [v, (1 - x * x) * v - x],
    y0: [2, 0],
    t0: 0,
    t1: 20,
    end: [2.0081497621749484, -0.04250887527320215],
  },
];
