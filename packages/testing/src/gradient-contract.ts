import {
  type ArrayOptions,
  type Cotangents,
  float64Space,
  type Gradient,
  type GradientTask,
  odeint,
  odeintVjp,
  runAsync,
  runSync,
  solve,
} from '@neural-ode/core';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { dop853, dopri5, rk4, tsit5 } from '@neural-ode/tableaux';
import { describe, expect, test } from 'vitest';
import { audit } from './audit.ts';
import { relativeError } from './closeness.ts';
import { deferredSpace } from './deferred-space.ts';
import { gradientByDifferences } from './finite-difference.ts';
import { type DifferentiableProblem, fieldOf } from './problem.ts';
import {
  differentiableProblems,
  drivenDecay,
  exponential,
  lotkaVolterra,
  reference,
  spiral,
  threeBody,
  vanDerPol,
} from './problems.ts';
import { pull, variational } from './variational.ts';

/** What a strategy claims. */
export interface GradientClaims {
  /**
   * What its gradient is the derivative of, exactly: the steps with their sizes as given, the steps and the search for
   * their sizes, or the differential equation (so that it is no derivative of the numbers computed).
   */
  readonly of: 'replay' | 'search' | 'equation';
  /** Relative error against the true gradients, at rtol 1e-10 and atol 1e-12. Default 1e-7. */
  readonly accuracy?: number;
  /** Likewise against the derivative of the replay; more where the field rounds otherwise, which orbits amplify. Default 1e-12. */
  readonly replayAccuracy?: number;
}

type Result = Cotangents<Float64Array, Float64Array>;
type Options = Omit<ArrayOptions, 'parameters' | 'solver'> & { solver?: ArrayOptions['solver'] };

const fine = { rtol: 1e-10, atol: 1e-12 };
const solver5 = explicitRungeKutta(dopri5);
const solver4 = explicitRungeKutta(rk4);

/** The tests that every gradient strategy passes, in double precision. */
export function describeGradient(name: string, gradient: Gradient, claims: GradientClaims): void {
  const { accuracy = 1e-7, replayAccuracy = 1e-12 } = claims;
  const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, within = accuracy) =>
    expect(relativeError(actual, expected)).toBeLessThan(within);

  /** Solves and goes back once; `cotangents` are given the outputs. */
  const differentiate = (
    problem: DifferentiableProblem,
    ts: readonly number[],
    cotangents: (ys: readonly Float64Array[]) => readonly (ArrayLike<number> | undefined)[],
    options: Options = fine,
  ) => {
    const { f, vjp, y0, parameters } = problem;
    const recording = odeintVjp(f, y0, ts, { solver: solver5, ...options, parameters, vjp, gradient });
    const bars = cotangents(recording.ys).map((bar) => bar && Float64Array.from(bar));
    return { ...recording, bars, back: recording.pullback(bars) };
  };

  describe(`${name}: gradient contract`, () => {
    describe('true gradients', () => {
      test.each([0, 1])('of component %d of Lotka-Volterra', (i) => {
        const { du1 } = reference.lotkaVolterra;
        const { back } = differentiate(lotkaVolterra, [0, 1], () => [undefined, unit(2, i)]);
        close(back.y0, [du1.x0[i]!, du1.y0[i]!]);
        close(back.parameters, [du1.p1[i]!, du1.p2[i]!, du1.p3[i]!, du1.p4[i]!]);
        close(back.ts ?? [], [-du1.t1[i]!, du1.t1[i]!]);
      });

      test.each([
        [0.25, 1.5],
        [1.5, 0.25],
      ])('of the square of an exponential from t = %d to %d', (t0, t1) => {
        const { back } = differentiate(exponential, [t0, t1], ([, y]) => [undefined, y!.map((v) => 2 * v)]);
        const [k = 0, z0 = 0] = [...exponential.parameters, ...exponential.y0];
        const growth = Math.exp(2 * k * (t1 - t0));
        close(back.y0, [2 * z0 * growth]);
        close(back.parameters, [2 * (t1 - t0) * z0 ** 2 * growth]);
        close(back.ts ?? [], [-2 * k * z0 ** 2 * growth, 2 * k * z0 ** 2 * growth]);
      });

      test('of the square of the state of van der Pol after several rounds', () => {
        const { dL_dy0, dL_dmu, t1 } = reference.vanDerPolGradient;
        const { back } = differentiate(vanDerPol, [0, t1], ([, y]) => [undefined, y!.map((v) => 2 * v)]);
        close([...back.y0, ...back.parameters], [...dL_dy0, dL_dmu], 20 * accuracy);
      });

      test('of the positions of three bodies, for their masses', () => {
        const { masses, dL_dm } = reference.threeBody.gradient;
        // The loss is the sum of the squares of the nine positions.
        const slope = (y: Float64Array) => y.map((value, i) => (i < 9 ? 2 * value : 0));
        const problem = { ...threeBody, parameters: masses };
        const { back } = differentiate(problem, [0, 0.5], ([, y]) => [undefined, slope(y!)]);
        close(back.parameters, dL_dm, 4 * accuracy);
      });

      test('of a field that depends on time, at several times in either direction', () => {
        for (const ts of [
          [0, 0.7, 1.1, 3],
          [3, 2.5, 1, 0],
        ]) {
          // y(t) = 1 / (1 / y0 + p (sin t - sin t0)), so dy/dy0 = (y / y0)^2 and dy/dp = -y^2 (sin t - sin t0).
          const problem = { ...drivenDecay, y0: [1.25] };
          const bars = [[0.5], [1], [-2], [3]];
          const { back, ys } = differentiate(problem, ts, () => bars);
          const g = bars.map(([bar = 0]) => bar);
          const y = ys.map(([value = 0]) => value);
          const [t0 = 0] = ts;
          const sum = (term: (i: number) => number) => ts.reduce((total, _, i) => total + g[i]! * term(i), 0);
          close(back.y0, [sum((i) => (y[i]! / 1.25) ** 2)]);
          close(back.parameters, [sum((i) => -(y[i]! ** 2) * (Math.sin(ts[i]!) - Math.sin(t0)))]);
          const start = sum((i) => (i === 0 ? 0 : y[i]! ** 2 * 0.4 * Math.cos(t0)));
          close(back.ts ?? [], [start, ...ts.slice(1).map((t, i) => -g[i + 1]! * 0.4 * y[i + 1]! ** 2 * Math.cos(t))]);
        }
      });
    });

    const modes: [string, Options][] = [
      ['error control', { rtol: 1e-6, atol: 1e-8 }],
      ['fixed steps', { solver: solver4, stepSize: 0.05 }],
      ['fixed steps that do not divide the span', { solver: solver4, stepSize: 0.07 }],
      ['stops', { rtol: 1e-6, atol: 1e-8, stops: [0.4] }],
    ];

    if (claims.of === 'replay') {
      test.each(modes)('equals the derivative of the replay, with %s', (_, options) => {
        for (const problem of differentiableProblems) {
          const ts = [0, 0.3, 0.4, 0.9, 1].map((share) => problem.t0 + share * Math.min(2, problem.t1 - problem.t0));
          const given = options.stops ? { ...options, stops: [ts[2]!] } : options;
          const bars = ts.map((_t, n) => problem.y0.map((_y, i) => Math.cos(3 * n + i)));
          const { back, mesh } = differentiate(problem, ts, () => bars, given);
          const big = variational(problem);
          const replayed = solve(
            { f: big.f, y0: big.y0, t0: ts[0]!, t1: ts.at(-1)! },
            { solver: given.solver ?? solver5, parameters: big.parameters, mesh, saveAt: ts },
          );
          const parts = replayed.ys.map((z) => big.split(z));
          close(back.y0, total(parts.map((part, n) => pull(bars[n]!, part.y0))), replayAccuracy);
          close(back.parameters, total(parts.map((part, n) => pull(bars[n]!, part.parameters))), replayAccuracy);
        }
      });
    }

    if (claims.of === 'search') {
      test.each(modes)('equals the derivative of the solve with its search, with %s', (_, options) => {
        const bars = [
          [0, 0],
          [0.7, -1.3],
          [0.2, 0.5],
          [1, 0.4],
        ];
        const ts = [0, 0.4, 0.9, 1.3];
        const given: Options = { ...options, ...(options.stepSize ? {} : { firstStep: 0.3, rtol: 1e-4, atol: 1e-6 }) };
        const loss = (y0: readonly number[], parameters: readonly number[], times: readonly number[]) =>
          odeint(spiral.f, y0, times, { solver: solver5, ...given, parameters }).reduce(
            (sum, y, n) => sum + y.reduce((s, value, i) => s + value * bars[n]![i]!, 0),
            0,
          );
        const { y0, parameters: p } = spiral;
        const { back } = differentiate(spiral, ts, () => bars, given);
        close(
          back.y0,
          gradientByDifferences((y) => loss(y, p, ts), y0, 1e-5),
          1e-7,
        );
        close(
          back.parameters,
          gradientByDifferences((q) => loss(y0, q, ts), p, 1e-5),
          1e-7,
        );
        if (given.stepSize === undefined && !given.stops) {
          close(
            back.ts ?? [],
            gradientByDifferences((times) => loss(y0, p, times), ts, 1e-5),
            1e-7,
          );
        }
      });
    }

    test('gives the states that odeint gives', () => {
      const ts = [0, 0.5, 2, 2.5];
      const { parameters } = spiral;
      const { ys, stats } = differentiate(spiral, ts, () => []);
      expect(ys).toEqual(odeint(spiral.f, spiral.y0, ts, { solver: solver5, parameters, ...fine }));
      expect(stats).toEqual(solve({ ...spiral, t1: 2.5 }, { solver: solver5, parameters, ...fine, saveAt: ts }).stats);
    });

    test('works with fixed steps and a solver without an error estimate', () => {
      const { back } = differentiate(lotkaVolterra, [0, 1], () => [undefined, [1, 0]], {
        solver: solver4,
        stepSize: 1 / 49 / 8,
      });
      const { du1 } = reference.lotkaVolterra;
      close(back.y0, [du1.x0[0]!, du1.y0[0]!], Math.max(1e-6, accuracy));
    });

    test('counts an absent cotangent as zero, and hands that of the first output to y0', () => {
      const ts = [0, 1, 2];
      const zero = [0, 0];
      const none = differentiate(spiral, ts, () => []).back;
      expect(none).toMatchObject({ y0: new Float64Array(2), parameters: new Float64Array(1) });
      expect(none.ts?.map(Math.abs)).toEqual([0, 0, 0]);
      const first = differentiate(spiral, ts, () => [[3, -2], undefined, undefined]).back;
      expect(first.y0).toEqual(Float64Array.of(3, -2));
      expect(Array.from(first.parameters, Math.abs)).toEqual([0]);
      const absent = differentiate(spiral, ts, () => [undefined, [1, 2], undefined]).back;
      const zeros = differentiate(spiral, ts, () => [zero, [1, 2], zero]).back;
      // The adjoint method's reverse steps may begin at another output.
      const within = claims.of === 'equation' ? accuracy : 1e-14;
      close(absent.y0, zeros.y0, within);
      close(absent.parameters, zeros.parameters, within);
      close(absent.ts ?? [], zeros.ts ?? [], within);
    });

    test('is linear in the cotangents, and goes back more than once', () => {
      const { f, vjp, y0, parameters } = spiral;
      const options = { solver: solver5, parameters, vjp, gradient, rtol: 1e-8, atol: 1e-10 };
      const { pullback } = odeintVjp(f, y0, [0, 1, 2], options);
      const one = pullback([undefined, [1, 2], [0.5, -1]]);
      const other = pullback([undefined, [-3, 0.25], [2, 4]]);
      const both = pullback([undefined, [2 - 3, 4 + 0.25], [1 + 2, -2 + 4]]);
      const within = { replay: 1e-13, search: 1e-11, equation: 1e-6 }[claims.of];
      const sum = (of: (back: Result) => ArrayLike<number>) =>
        Array.from(of(one), (value, i) => 2 * value + of(other)[i]!);
      close(
        both.y0,
        sum((back) => back.y0),
        within,
      );
      close(
        both.parameters,
        sum((back) => back.parameters),
        within,
      );
      close(
        both.ts ?? [],
        sum((back) => back.ts ?? []),
        within,
      );
    });

    test('counts evaluations as the field sees them', () => {
      const seen = { evaluations: 0, vjps: 0 };
      const counting: DifferentiableProblem = {
        ...spiral,
        f(...args) {
          seen.evaluations++;
          return spiral.f(...args);
        },
        vjp(...args) {
          seen.vjps++;
          return spiral.vjp(...args);
        },
      };
      const { back, stats } = differentiate(counting, [0, 1, 2.5], () => [undefined, [1, 1], [1, 1]]);
      expect(back.stats.evaluations + stats.evaluations).toBe(seen.evaluations);
      expect(back.stats.vjps).toBe(seen.vjps);
      expect(seen.vjps).toBeGreaterThan(0);
    });

    test('warns of nothing where the solve is accurate', () => {
      const warnings: string[] = [];
      const { f, y0, vjp, parameters } = lotkaVolterra;
      const options = { solver: solver5, parameters, vjp, gradient, ...fine, warn: (w: string) => warnings.push(w) };
      odeintVjp(f, y0, [0, 1], options).pullback([undefined, [1, 1]]);
      expect(warnings).toEqual([]);
    });

    test('keeps and gives back every state as agreed', () => {
      for (const wantTimes of [false, true]) {
        const { space, field, living } = audit(float64Space);
        const task: GradientTask<Float64Array, Float64Array> = {
          ...taskOf(spiral, [0, 0.5, 2, 2.5]),
          space,
          field: field(fieldOf(spiral)),
          wantTimes,
        };
        const recording = runSync(gradient.record(task));
        const bar = Float64Array.of(1, 1);
        const back = runSync(recording.pullback([bar, undefined, bar, bar]));
        expect(back.ts?.length).toBe(wantTimes ? 4 : undefined);
        for (const y of [...recording.retained, ...recording.ys, back.y0, back.parameters]) space.release(y);
        expect(living()).toBe(0);
      }
    });

    test('goes back after all states that it does not retain are released', () => {
      const { space, field } = audit(float64Space);
      const task = { ...taskOf(spiral, [0, 0.5, 2.5]), space, field: field(fieldOf(spiral)), wantTimes: false };
      const recording = runSync(gradient.record(task));
      for (const y of recording.ys) if (!recording.retained.includes(y)) space.release(y);
      expect(() => runSync(recording.pullback([undefined, undefined, Float64Array.of(1, 1)]))).not.toThrow();
    });

    // The hidden class of one that ran keeps the whole recording alive until a full collection.
    test('makes no generator function for a recording', () => {
      const recording = runSync(gradient.record(taskOf(spiral, [0, 0.5])));
      expect(Object.getPrototypeOf(recording.pullback)).toBe(Function.prototype);
    });

    // The error estimate of dop853 is made of two norms.
    test.each([tsit5, dop853])('gives the same where norms must be waited for, with $name', async (tableau) => {
      const plain = taskOf(spiral, [0, 0.5, 2.5]);
      const task = { ...plain, options: { ...plain.options, solver: explicitRungeKutta(tableau) }, wantTimes: true };
      const waiting = { ...task, space: deferredSpace(float64Space) };
      const bars = [undefined, Float64Array.of(1, 2), Float64Array.of(-1, 1)];
      const at = runSync(gradient.record(task));
      const later = await runAsync(gradient.record(waiting));
      expect(later.ys).toEqual(at.ys);
      expect(later.mesh.ts).toEqual(at.mesh.ts);
      expect(await runAsync(later.pullback(bars))).toEqual(runSync(at.pullback(bars)));
    });
  });
}

function taskOf(problem: DifferentiableProblem, ts: readonly number[]): GradientTask<Float64Array, Float64Array> {
  return {
    field: fieldOf(problem),
    space: float64Space,
    y0: Float64Array.from(problem.y0),
    ts,
    options: { solver: explicitRungeKutta(tsit5), rtol: 1e-4, atol: 1e-6 },
    wantTimes: false,
    warn: () => {},
  };
}

function unit(length: number, i: number): number[] {
  return Array.from({ length }, (_, j) => (i === j ? 1 : 0));
}

function total(vectors: readonly (readonly number[])[]): number[] {
  return vectors.reduce<number[]>((sum, vector) => vector.map((value, i) => value + (sum[i] ?? 0)), []);
}
