import { float64Space, type Gradient, integrate, odeint, odeintVjp, prepare, runSync, solve } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { adjoint } from '@neural-ode/gradient-adjoint';
import { direct, naive } from '@neural-ode/gradient-naive';
import { explicitRungeKutta } from '@neural-ode/solvers';
import * as tableaux from '@neural-ode/tableaux';
import { describe, expect, test } from 'vitest';
import {
  type DifferentiableProblem,
  derivative,
  exponential,
  fieldOf,
  lotkaVolterra,
  reference,
  relativeError,
  spiral,
  vanDerPol,
} from './index.ts';

const { dopri5, rk4, TableauError, defineTableau } = tableaux;
const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);
const adaptive = all.filter((tableau) => tableau.bError);
const solver = explicitRungeKutta(dopri5);

/** The relative error of the gradient of |y(t1)|^2. */
function gradientError(
  problem: DifferentiableProblem,
  gradient: Gradient,
  exact: readonly number[],
  options: { tableau: tableaux.Tableau; rtol: number; atol: number },
): number {
  const { f, vjp, y0, parameters, t0, t1 } = problem;
  const { tableau, ...tolerance } = options;
  const warn = () => {};
  const given = { solver: explicitRungeKutta(tableau), ...tolerance, parameters, vjp, gradient, warn };
  const { ys, pullback } = odeintVjp(f, y0, [t0, t1], given);
  const { y0: y0Bar, parameters: pBar } = pullback([undefined, ys[1]!.map((y) => 2 * y)]);
  return relativeError([...y0Bar, ...pBar], exact);
}

describe('mistakes found in the reference implementations', () => {
  test.each([aca, direct, naive, adjoint])('dL/dt0 sums no partials of the steps: $name', (gradient) => {
    const { f, vjp, y0, parameters, exact } = exponential;
    const steps = { solver: explicitRungeKutta(rk4), stepSize: 0.01 };
    const { pullback } = odeintVjp(f, y0, [0.25, 1.5], { ...steps, parameters, vjp, gradient });
    const end = exact!(1.5)[0]!;
    const slope = 2 * parameters[0]! * end ** 2;
    expect(relativeError(pullback([undefined, [2 * end]]).ts ?? [], [-slope, slope])).toBeLessThan(1e-8);
  });

  test('cubic output built from both ends and both slopes is cubic', () => {
    // y = t^3 - 2 t, which a cubic through both ends with both slopes meets everywhere.
    const options = { solver: explicitRungeKutta(rk4), stepSize: 1 };
    const ts = [0, 0.3, 0.6, 1];
    const ys = odeint((t) => [3 * t ** 2 - 2], [0], ts, options).map(([y]) => y!);
    expect(
      relativeError(
        ys,
        ts.map((t) => t ** 3 - 2 * t),
      ),
    ).toBeLessThan(1e-14);
  });

  test.each(all)('dense output of $name ends with the slope at the end, not that of another stage', (tableau) => {
    const stepper = explicitRungeKutta(tableau).bind(fieldOf(spiral), float64Space);
    const h = 1e-2;
    const step = stepper.step(0.5, 0.5 + h, Float64Array.from(spiral.exact!(0.5)));
    const slope = fieldOf(spiral).evaluate(step.t1, step.y1);
    const found = [0, 1].map((i) => derivative((t) => stepper.interpolate(step, t)[i]!, step.t1, h / 10));
    expect(relativeError(found, slope)).toBeLessThan(20 * h ** Math.min(3, tableau.dense.order));
  });

  test.each(adaptive)('dense output of $name is as accurate as its steps', (tableau) => {
    const options = { solver: explicitRungeKutta(tableau), parameters: spiral.parameters, rtol: 1e-5, atol: 1e-7 };
    const { mesh, dense } = solve(spiral, { ...options, saveAt: 'dense' });
    const worst = (ts: readonly number[]) => Math.max(...ts.map((t) => relativeError(dense!(t), spiral.exact!(t))));
    const middles = mesh.ts.slice(1).map((t, n) => (t + mesh.ts[n]!) / 2);
    expect(worst(middles)).toBeLessThan(Math.max(10 * worst(mesh.ts), 1e-3));
  });

  test('time may run backwards, with outputs on the way', () => {
    const ts = [2.5, 2, 1.1, 0];
    const ys = odeint(spiral.f, spiral.exact!(2.5), ts, { solver, parameters: spiral.parameters, rtol: 1e-9 });
    ys.forEach((y, n) => {
      expect(relativeError(y, spiral.exact!(ts[n]!))).toBeLessThan(1e-5);
    });
  });

  test.each(adaptive)('the last step of $name is under error control', (tableau) => {
    // Nothing happens but a pulse shortly before the end, which a last step without control would jump over.
    const pulse = (t: number) => Math.exp(-(((t - 9.7) / 0.05) ** 2));
    const f = (t: number) => [pulse(t)];
    const options = { solver: explicitRungeKutta(tableau), rtol: 1e-6, atol: 1e-6, maxStep: 0.3 };
    const { ys, mesh } = solve({ f, y0: [0], t0: 0, t1: 9.73 }, { ...options, saveAt: 'steps' });
    // Integral of the pulse up to 9.73: 0.05 sqrt(pi) / 2 (1 + erf(0.6)).
    expect(ys.at(-1)![0]).toBeCloseTo(0.025 * Math.sqrt(Math.PI) * (1 + 0.6038560908479259), 4);
    expect(mesh.ts.at(-1)! - mesh.ts.at(-2)!).toBeLessThan(0.1);
  });

  test.each([0.3, 0.7, 1 / 49, 1 / 3])(
    'fixed steps of %d that do not divide the span, or only nearly, reach its end',
    (stepSize) => {
      const ts = [0, 0.5, 1];
      const ys = odeint(() => [1], [0], ts, { solver: explicitRungeKutta(rk4), stepSize });
      expect(ys.map(([y]) => y!)).toEqual(ts.map((t) => expect.closeTo(t, 13)));
    },
  );

  test.each([aca, direct, naive, adjoint])(
    'the gradient entry point takes solvers with fixed steps: $name',
    (gradient) => {
      const { f, vjp, y0, parameters } = lotkaVolterra;
      const steps = { solver: explicitRungeKutta(rk4), stepSize: 0.01 };
      const back = odeintVjp(f, y0, [0, 1], { ...steps, parameters, vjp, gradient }).pullback([undefined, [1, 0]]);
      const { x0, y0: dy0 } = reference.lotkaVolterra.du1;
      expect(relativeError(back.y0, [x0[0]!, dy0[0]!])).toBeLessThan(1e-6);
    },
  );

  test('running statistics see accepted steps only, each once', () => {
    const task = { field: fieldOf(vanDerPol), space: float64Space, y0: Float64Array.of(2, 0), t0: 0, t1: 20 };
    const prepared = runSync(prepare(task, { solver, rtol: 1e-5, atol: 1e-6 }));
    const outcome = runSync(integrate({ ...prepared, retain: 'steps' }));
    expect(outcome.rejected).toBeGreaterThan(0);
    const seen = outcome.trials.map(({ step }) => [step.t0, step.t1]);
    expect(seen).toEqual(outcome.ts.slice(1).map((t, n) => [outcome.ts[n], t]));
  });

  test('no accepted step is computed twice, and the first slope of a step is the last of the one before', () => {
    const { f, vjp, y0, parameters } = vanDerPol;
    const options = { solver, rtol: 1e-5, atol: 1e-6, parameters, vjp };
    const { stats, pullback } = odeintVjp(f, y0, [0, 20], { ...options, gradient: aca });
    const { accepted, rejected, evaluations } = stats;
    expect(rejected).toBeGreaterThan(0);
    // f at the start, one for the choice of the first size, six a trial.
    expect(evaluations).toBe(2 + 6 * (accepted + rejected));
    // Backwards five evaluations a step lead to the inputs of its six stages, and dL/dt0 and dL/dt1 need one each.
    expect(pullback([undefined, [1, 1]]).stats).toMatchObject({ evaluations: 5 * accepted + 2, vjps: 6 * accepted });
    // With the stages kept, nothing but the latter.
    const kept = odeintVjp(f, y0, [0, 20], { ...options, gradient: direct });
    expect(kept.stats.evaluations).toBe(evaluations);
    expect(kept.pullback([undefined, [1, 1]]).stats).toMatchObject({ evaluations: 2, vjps: 6 * accepted });
  });

  describe("GL4's second abscissa", () => {
    const root = Math.sqrt(3) / 6;
    const gl4 = {
      name: 'gl4',
      order: 4,
      a: [
        [0.25, 0.25 - root],
        [0.25 + root, 0.25],
      ],
      b: [0.5, 0.5],
      citation: {
        authors: 'Hammer, Hollingsworth',
        year: 1955,
        title: 'Trapezoidal methods of approximating solutions',
      },
    } as const;

    test('is accepted with its sign, refused with the other', () => {
      expect(defineTableau({ ...gl4, c: [0.5 - root, 0.5 + root] }).order).toBe(4);
      const define = () => defineTableau({ ...gl4, c: [0.5 - root, -(0.5 + root)] });
      expect(define).toThrow(TableauError);
      expect(define).toThrow('a[1]');
      expect(() => defineTableau({ ...gl4, c: [0.5 - root, 0.5 - root] })).toThrow(TableauError);
    });
  });

  describe('methods are told apart by van der Pol, not by a linear field', () => {
    const tolerance = { tableau: tableaux.bosh3, rtol: 1e-5, atol: 1e-6 };

    test('on the linear field they tie', () => {
      const growth = Math.exp(2 * 0.7 * 1.25);
      const exact = [2 * 1.5 * growth, 2 * 1.25 * 1.5 ** 2 * growth];
      const errors = [aca, naive, adjoint].map((gradient) => gradientError(exponential, gradient, exact, tolerance));
      expect(Math.max(...errors)).toBeLessThan(3 * Math.min(...errors));
    });

    test('on van der Pol the adjoint is off by far more than ACA', () => {
      const { dL_dy0, dL_dmu } = reference.vanDerPolGradient;
      const errors = [aca, naive, adjoint].map((gradient) =>
        gradientError(vanDerPol, gradient, [...dL_dy0, dL_dmu], tolerance),
      );
      const [ofAca = 0, ofNaive = 0, ofAdjoint = 0] = errors;
      expect(ofNaive).toBeGreaterThan(2 * ofAca);
      expect(ofAdjoint).toBeGreaterThan(50 * ofAca);
    });

    const rows = reference.vanDerPolGradient.relativeErrorSeen.rows as [string, number, number, number | null][];
    // Two rows at 1e-2 are left out: with errors of 10 % and more, chance in the step sizes decides (dopri5: 0.18 to 1.6 by the first
    // step alone), and ours are worse: bosh3 0.111 against 0.096, dopri5 0.34 against 0.13.
    test.each(rows.filter(([, ofAca]) => ofAca < 0.05))("ACA's error is no worse than elsewhere: %s", (label, seen) => {
      const [name = '', tolerances = ''] = label.split(' ');
      const [rtol = 0, atol = 0] = tolerances.split('/').map(Number);
      const tableau = all.find((entry) => entry.name === name)!;
      const { dL_dy0, dL_dmu } = reference.vanDerPolGradient;
      const error = gradientError(vanDerPol, aca, [...dL_dy0, dL_dmu], { tableau, rtol, atol });
      expect(error / seen).toBeGreaterThan(0.5);
      // The figures seen have two digits.
      expect(error / seen).toBeLessThan(1.03);
    });
  });
});
