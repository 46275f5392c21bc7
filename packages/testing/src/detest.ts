import type { ArrayFunction } from '@neural-ode/core';
import type { TestProblem } from './problem.ts';
import golden from './reference/detest.json' with { type: 'json' };

/** A problem of the DETEST collection with its end value to 20 digits. */
export interface DetestProblem extends TestProblem {
  /** `'A'`: single equations, `'B'`: small systems, `'C'`: moderate ones, `'D'`: orbits, `'E'`: of second order. */
  readonly class: 'A' | 'B' | 'C' | 'D' | 'E';
  readonly end: readonly number[];
}

const orbit: ArrayFunction = (_t, [x = 0, y = 0, u = 0, v = 0]) => {
  const r3 = Math.hypot(x, y) ** 3;
  return [u, v, -x / r3, -y / r3];
};

/** A chain of decays; `rates[i]` is that of component i, the last one being stable. */
const chain =
  (rates: readonly number[]): ArrayFunction =>
  (_t, y) =>
    y.map((value, i) => (i > 0 ? (rates[i - 1] as number) * (y[i - 1] as number) : 0) - (rates[i] ?? 0) * value);

const diffusion: ArrayFunction = (_t, y) => y.map((value, i) => (y[i - 1] ?? 0) - 2 * value + (y[i + 1] ?? 0));

const fields: Record<keyof typeof golden, ArrayFunction> = {
  A1: (_t, [y = 0]) => [-y],
  A2: (_t, [y = 0]) => [-(y ** 3) / 2],
  A3: (t, [y = 0]) => [y * Math.cos(t)],
  A4: (_t, [y = 0]) => [(y / 4) * (1 - y / 20)],
  A5: (t, [y = 0]) => [(y - t) / (y + t)],
  B1: (_t, [x = 0, y = 0]) => [2 * (x - x * y), -(y - x * y)],
  B2: (_t, [x = 0, y = 0, z = 0]) => [-x + y, x - 2 * y + z, y - z],
  B3: (_t, [x = 0, y = 0]) => [-x, x - y ** 2, y ** 2],
  B4: (_t, [x = 0, y = 0, z = 0]) => {
    const r = Math.hypot(x, y);
    return [-y - (x * z) / r, x - (y * z) / r, x / r];
  },
  B5: (_t, [x = 0, y = 0, z = 0]) => [y * z, -x * z, -0.51 * x * y],
  C1: chain([1, 1, 1, 1, 1, 1, 1, 1, 1]),
  C2: chain([1, 2, 3, 4, 5, 6, 7, 8, 9]),
  C3: diffusion,
  C4: diffusion,
  C5: outerPlanets(),
  D1: orbit,
  D2: orbit,
  D3: orbit,
  D4: orbit,
  D5: orbit,
  E1: (t, [y = 0, v = 0]) => [v, -(v / (t + 1) + (1 - 0.25 / (t + 1) ** 2) * y)],
  E2: (_t, [y = 0, v = 0]) => [v, (1 - y ** 2) * v - y],
  E3: (t, [y = 0, v = 0]) => [v, y ** 3 / 6 - y + 2 * Math.sin(2.78535 * t)],
  E4: (_t, [, v = 0]) => [v, 0.032 - 0.4 * v ** 2],
  E5: (t, [, v = 0]) => [v, Math.sqrt(1 + v ** 2) / (25 - t)],
};

/** Five planets around the sun: 15 positions, 15 velocities. */
function outerPlanets(): ArrayFunction {
  const gravity = 2.95912208286;
  const sun = 1.00000597682;
  const masses = [0.000954786104043, 0.000285583733151, 0.0000437273164546, 0.0000517759138449, 0.00000277777777778];
  return (_t, y) => {
    const slope = y.map((_, i) => y[i + 15] ?? 0);
    const position = (j: number) => y.subarray(3 * j, 3 * j + 3);
    const cubes = masses.map((_, j) => Math.hypot(...position(j)) ** 3);
    for (let j = 0; j < 5; j++) {
      const r = position(j);
      const a = r.map((x) => (-(sun + (masses[j] as number)) * x) / (cubes[j] as number));
      for (let k = 0; k < 5; k++) {
        if (k === j) continue;
        const d = position(k).map((x, i) => x - (r[i] as number));
        const cube = Math.hypot(...d) ** 3;
        a.forEach((value, i) => {
          const pull = (d[i] as number) / cube - (position(k)[i] as number) / (cubes[k] as number);
          a[i] = value + (masses[k] as number) * pull;
        });
      }
      a.forEach((value, i) => {
        slope[15 + 3 * j + i] = gravity * value;
      });
    }
    return slope;
  };
}

/**
 * The 25 non-stiff problems of Hull, Enright, Fellen & Sedgwick 1972, "Comparing numerical methods for ordinary
 * differential equations", SIAM J. Numer. Anal. 9(4), doi:10.1137/0709052, each on [0, 20].
 */
export const detestProblems: readonly DetestProblem[] = Object.entries(golden).map(([name, { y0, t0, t1, y1 }]) => ({
  name,
  class: name[0] as DetestProblem['class'],
  f: fields[name as keyof typeof golden],
  y0: y0.map(Number),
  parameters: [],
  t0,
  t1,
  end: y1.map(Number),
}));
