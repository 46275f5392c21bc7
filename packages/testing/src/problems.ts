import type { DifferentiableProblem, TestProblem } from './problem.ts';
import golden from './reference/problems.json' with { type: 'json' };
import { threeBodyField, threeBodyVjp } from './three-body.ts';

/** End values and gradients far more accurate than any solver under test, and the trusted number of their digits. */
export const reference: typeof golden = golden;

/** y' = k y. */
export const exponential: DifferentiableProblem = {
  name: 'exponential',
  f: (_t, [y = 0], [k = 0]) => [k * y],
  vjp: (_t, [y = 0], [v = 0], [k = 0]) => ({ y: [k * v], p: [y * v] }),
  y0: [1.5],
  parameters: [0.7],
  t0: 0.25,
  t1: 1.5,
  exact: (t) => [1.5 * Math.exp(0.7 * (t - 0.25))],
};

/** Predator and prey: x' = p1 x - p2 x y, y' = -p3 y + p4 x y. */
export const lotkaVolterra: DifferentiableProblem = {
  name: 'Lotka-Volterra',
  f: (_t, [x = 0, y = 0], [p1 = 0, p2 = 0, p3 = 0, p4 = 0]) => [p1 * x - p2 * x * y, -p3 * y + p4 * x * y],
  vjp: (_t, [x = 0, y = 0], [v = 0, w = 0], [p1 = 0, p2 = 0, p3 = 0, p4 = 0]) => ({
    y: [v * (p1 - p2 * y) + w * p4 * y, -v * p2 * x + w * (p4 * x - p3)],
    p: [v * x, -v * x * y, -w * y, w * x * y],
  }),
  y0: golden.lotkaVolterra.u0,
  parameters: golden.lotkaVolterra.p,
  t0: golden.lotkaVolterra.t0,
  t1: golden.lotkaVolterra.t1,
};

/** y1' = y2, y2' = (mu - y1^2) y2 - y1: the linear toy's better, on which gradient strategies differ. */
export const vanDerPol: DifferentiableProblem = {
  name: 'van der Pol',
  f: (_t, [y1 = 0, y2 = 0], [mu = 0]) => [y2, (mu - y1 ** 2) * y2 - y1],
  vjp: (_t, [y1 = 0, y2 = 0], [v = 0, w = 0], [mu = 0]) => ({
    y: [w * (-2 * y1 * y2 - 1), v + w * (mu - y1 ** 2)],
    p: [w * y2],
  }),
  y0: golden.vanDerPolGradient.y0,
  parameters: [golden.vanDerPolGradient.mu],
  t0: 0,
  t1: golden.vanDerPolGradient.t1,
};

/** Three bodies under gravity: nine positions, nine velocities; the masses are the parameters. */
export const threeBody: DifferentiableProblem = {
  name: 'three-body',
  f: threeBodyField(golden.threeBody.K1, golden.threeBody.K2),
  vjp: threeBodyVjp(golden.threeBody.K1, golden.threeBody.K2),
  y0: [...golden.threeBody.r0, ...golden.threeBody.v0].flat(),
  parameters: golden.threeBody.masses,
  t0: 0,
  t1: 1,
};

/** SciPy's test problem, not autonomous and not linear: y1' = y2/t, y2' = y2 (y1 + 2 y2 - 1) / (t (y1 - 1)). */
export const rationalSystem: DifferentiableProblem = {
  name: 'rational system',
  f: (t, [y1 = 0, y2 = 0]) => [y2 / t, (y2 * (y1 + 2 * y2 - 1)) / (t * (y1 - 1))],
  vjp: (t, [y1 = 0, y2 = 0], [v = 0, w = 0]) => {
    const q = y1 - 1;
    return {
      y: [(-2 * w * y2 ** 2) / (t * q ** 2), (v + w * (1 + (4 * y2) / q)) / t],
      t: -(v * y2 + w * (y2 + (2 * y2 ** 2) / q)) / t ** 2,
    };
  },
  y0: golden.rationalSystem.y0,
  parameters: [],
  t0: 5,
  t1: 9,
  exact: (t) => [t / (t + 10), (10 * t) / (t + 10) ** 2],
};

/** y' = -p y^2 cos t, whose solution is 1 / (1 / y0 + p sin t). */
export const drivenDecay: DifferentiableProblem = {
  name: 'driven decay',
  f: (t, [y = 0], [p = 0]) => [-p * y ** 2 * Math.cos(t)],
  vjp: (t, [y = 0], [v = 0], [p = 0]) => ({
    y: [-2 * p * y * Math.cos(t) * v],
    p: [-(y ** 2) * Math.cos(t) * v],
    t: p * y ** 2 * Math.sin(t) * v,
  }),
  y0: [1.25],
  parameters: [0.4],
  t0: 0,
  t1: 3,
  exact: (t) => [1 / (1 / 1.25 + 0.4 * Math.sin(t))],
};

/**
 * z' = i p t z + (1 - |z|^2) z in the plane: a spiral onto the unit circle, turning faster and faster; not linear, not
 * autonomous.
 */
export function spiralOf(p: number): DifferentiableProblem & { exact(t: number): readonly number[] } {
  return {
    name: `spiral (${p})`,
    f: (t, [x = 0, y = 0], [turn = 0]) => {
      const growth = 1 - x ** 2 - y ** 2;
      return [growth * x - turn * t * y, growth * y + turn * t * x];
    },
    vjp: (t, [x = 0, y = 0], [v = 0, w = 0], [turn = 0]) => {
      const growth = 1 - x ** 2 - y ** 2;
      return {
        y: [
          v * (growth - 2 * x ** 2) + w * (turn * t - 2 * x * y),
          w * (growth - 2 * y ** 2) - v * (turn * t + 2 * x * y),
        ],
        p: [t * (w * x - v * y)],
        t: turn * (w * x - v * y),
      };
    },
    y0: [0.5, 0],
    parameters: [p],
    t0: 0,
    t1: 2.5,
    exact: (t) => {
      const radius = 1 / Math.sqrt(1 + 3 * Math.exp(-2 * t));
      return [radius * Math.cos((p / 2) * t ** 2), radius * Math.sin((p / 2) * t ** 2)];
    },
  };
}

export const spiral: DifferentiableProblem = spiralOf(1.5);

/** A closed orbit of the restricted three-body problem, with a near collision (Hairer, Norsett & Wanner I, II.0). */
export const arenstorf: TestProblem = {
  name: 'Arenstorf',
  f: (_t, [x = 0, y = 0, vx = 0, vy = 0], [mu = 0]) => {
    const nu = 1 - mu;
    const d1 = ((x + mu) ** 2 + y ** 2) ** 1.5;
    const d2 = ((x - nu) ** 2 + y ** 2) ** 1.5;
    return [
      vx,
      vy,
      x + 2 * vy - (nu * (x + mu)) / d1 - (mu * (x - nu)) / d2,
      y - 2 * vx - (nu * y) / d1 - (mu * y) / d2,
    ];
  },
  y0: [0.994, 0, 0, -2.001585106379082],
  parameters: [0.012277471],
  t0: 0,
  t1: 17.06521656015796,
};

/** The problems whose gradients are tested. */
export const differentiableProblems: readonly DifferentiableProblem[] = [
  exponential,
  lotkaVolterra,
  vanDerPol,
  threeBody,
  rationalSystem,
  drivenDecay,
  spiral,
];
