import {
  arrayField,
  errorNorm,
  float64Space,
  type Solver,
  type StepCotangents,
  type Stepper,
  solve,
} from '@neural-ode/core';
import { describe, expect, test } from 'vitest';
import { audit } from './audit.ts';
import { relativeError } from './closeness.ts';
import { convergenceOrder } from './convergence.ts';
import { derivative, gradientByDifferences } from './finite-difference.ts';
import { type DifferentiableProblem, fieldOf, reversed } from './problem.ts';
import { drivenDecay, lotkaVolterra, spiral, spiralOf } from './problems.ts';
import { pull, variational } from './variational.ts';

/** What a solver claims beyond its orders. */
export interface SolverClaims {
  /** Order of the dense output at any time within a step. */
  readonly denseOrder: number;
  /** Evaluations of a step that starts with its slope known. */
  readonly evaluationsPerStep: number;
  /** Whether a step hands the slope at its end to the next one. */
  readonly firstSameAsLast: boolean;
  /** How much larger than a double's its round-off is, about. Default 1. */
  readonly roundOff?: number;
}

type ArrayStepper = Stepper<Float64Array, Float64Array>;

/** The tests that every solver passes, in double precision. */
export function describeSolver(name: string, solver: Solver, claims: SolverClaims): void {
  describe(`${name}: solver contract`, () => {
    describeConvergence(solver, claims);
    describeEvaluations(solver, claims);
    describeTime(solver);
    describeStepVjp(solver, claims);
    if (solver.errorOrder !== undefined) describeErrorControl(solver, claims);
  });
}

/** Several problems at once, for one alone the leading error term may pass through zero. */
const spirals = [1, 1.5, 2].map(spiralOf);

/**
 * Methods of order 6 and more have such small leading error terms that those of the next order weigh as much, down to
 * round-off.
 */
function expectOrder(slope: number, order: number): void {
  expect(slope).toBeGreaterThan(order - 0.2);
  expect(slope).toBeLessThan(order + (order <= 5 ? 0.2 : 2));
}

function describeConvergence(solver: Solver, { denseOrder, roundOff = 1 }: SolverClaims): void {
  test(`converges at order ${solver.order}`, () => {
    const errorAt = (n: number) => {
      const squares = spirals.map(({ f, y0, t0, t1, parameters, exact }) => {
        const stepSize = (t1 - t0) / n;
        const options = { solver, parameters, stepSize, saveAt: 'steps', throw: false } as const;
        const { ts, ys, status } = solve({ f, y0, t0, t1 }, options);
        if (status !== 'success') return Number.POSITIVE_INFINITY;
        return ts.reduce((sum, t, i) => sum + squaredDistance(ys[i] as Float64Array, exact(t)), 0) / n;
      });
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    };
    expectOrder(convergenceOrder(errorAt, { floor: 1e-13 * roundOff, from: 8 }), solver.order);
  });

  test(`has dense output of order ${denseOrder} inside a step`, () => {
    const errorAt = (n: number) => {
      let sum = 0;
      for (const problem of spirals) {
        const stepper = solver.bind(fieldOf(problem), float64Space);
        for (const t0 of [0, 0.3, 0.6, 0.9, 1.2]) {
          const h = 1 / n;
          const step = stepper.step(t0, t0 + h, Float64Array.from(problem.exact(t0)));
          for (const theta of [0.15, 0.4, 0.65, 0.9]) {
            const t = t0 + theta * h;
            sum += squaredDistance(stepper.interpolate(step, t), problem.exact(t));
          }
        }
      }
      return Math.sqrt(sum);
    };
    expectOrder(convergenceOrder(errorAt, { floor: 1e-13 * roundOff, from: 1 }) - 1, denseOrder);
  });

  test('has dense output that meets both ends of a step', () => {
    const stepper = solver.bind(fieldOf(spiral), float64Space);
    const step = stepper.step(0.2, 0.3, Float64Array.from([0.5, 0.25]));
    expect(relativeError(stepper.interpolate(step, 0.2), [0.5, 0.25])).toBe(0);
    expect(relativeError(stepper.interpolate(step, 0.3), step.y1)).toBeLessThan(1e-14 * roundOff);
  });
}

function describeEvaluations(solver: Solver, claims: SolverClaims): void {
  const { evaluationsPerStep, firstSameAsLast } = claims;

  test('evaluates the field exactly as often as it must with fixed steps', () => {
    const { stats } = solve(drivenDecay, { solver, parameters: [0.4], stepSize: 0.25 });
    expect(stats).toEqual({
      accepted: 12,
      rejected: 0,
      evaluations: 12 * evaluationsPerStep + (firstSameAsLast ? 1 : 12),
    });
  });
}

function describeTime(solver: Solver): void {
  test('evaluates the field only within a step, round-off or not', () => {
    const times: number[] = [];
    const f = (t: number) => {
      times.push(t);
      return [1];
    };
    const stepper = solver.bind(arrayField(f, { size: 1 }), float64Space);
    for (let k = 1; k <= 200; k++) {
      // Spans whose start + (end - start) is often beyond their end.
      const [start, end] = [-1 - Math.sin(k) ** 2, Math.cos(k) ** 2 / 10];
      times.length = 0;
      stepper.step(start, end, Float64Array.of(0));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(start);
      expect(Math.max(...times)).toBeLessThanOrEqual(end);
    }
  });

  const modes: [string, object][] = [['fixed steps', { stepSize: 0.1 }]];
  if (solver.errorOrder !== undefined) modes.push(['error control', { rtol: 1e-4, atol: 1e-6 }]);

  test.each(modes)('goes backwards exactly as forwards with %s', (_, mode) => {
    for (const problem of [spiral, lotkaVolterra]) {
      const saveAt = [0.3, 0.8, 1].map((share) => problem.t0 + share * (problem.t1 - problem.t0));
      const options = { solver, parameters: problem.parameters, ...mode };
      const forwards = solve(problem, { ...options, saveAt });
      const backwards = solve(reversed(problem), { ...options, saveAt: saveAt.map((t) => -t) });
      expect(backwards.ys).toEqual(forwards.ys);
      expect(backwards.stats).toEqual(forwards.stats);
      expect(backwards.mesh.ts.map((t) => -t + 0)).toEqual(forwards.mesh.ts);
    }
  });

  test.each([
    [1, 1 / 49, 49],
    [1, 0.3, 4],
    [1, 5, 1],
    [3, 0.1, 30],
  ])('lands on the end of a span of %d with steps of %d', (t1, stepSize, count) => {
    const { ts, ys, stats } = solve({ f: () => [1], y0: [0], t0: 0, t1 }, { solver, stepSize });
    expect(ts).toEqual([t1]);
    expect(stats.accepted).toBe(count);
    expect(relativeError(ys[0] as Float64Array, [t1])).toBeLessThan(1e-13);
  });
}

const problem: DifferentiableProblem = { ...spiral, y0: [0.6, -0.4] };
const y0 = Float64Array.from(problem.y0);
const [t0, h] = [0.3, 0.2];
const outputTimes = [t0 + 0.25 * h, t0 + 0.7 * h];
const outputCotangents = [
  [0.3, 1.1],
  [-0.8, 0.4],
].map((v) => Float64Array.from(v));
const y1Cotangent = Float64Array.from([0.7, -1.3]);

function describeStepVjp(solver: Solver, { roundOff = 1 }: SolverClaims): void {
  const bind = (): ArrayStepper => solver.bind(fieldOf(problem), float64Space);

  test('has a vjp that equals the derivative of the same step', () => {
    const big = variational(problem);
    const stepper = solver.bind(fieldOf(big), float64Space);
    const step = stepper.step(t0, t0 + h, Float64Array.from(big.y0));
    const parts = [step.y1, ...outputTimes.map((t) => stepper.interpolate(step, t))].map((z) => big.split(z));
    const cotangents = [y1Cotangent, ...outputCotangents];
    const outputs = outputTimes.map((t, i) => ({ t, cotangent: outputCotangents[i] as Float64Array }));
    const back = bind().vjp(bind().revisit(t0, t0 + h, y0), { y1: y1Cotangent, outputs, wantTime: true });

    const total = (of: (part: (typeof parts)[number]) => readonly (readonly number[])[]) =>
      parts
        .map((part, i) => pull(cotangents[i] as Float64Array, of(part)))
        .reduce((a, b) => a.map((x, j) => x + b[j]!));
    const bound = 1e-13 * roundOff;
    expect(
      relativeError(
        back.y0,
        total((part) => part.y0),
      ),
    ).toBeLessThan(bound);
    expect(
      relativeError(
        back.parameters,
        total((part) => part.parameters),
      ),
    ).toBeLessThan(bound);
    // An output's time stays where it is when the step is shifted.
    const moved = back.outputs.reduce((sum, slope) => sum + slope, back.t);
    expect(
      relativeError(
        [moved],
        total((part) => part.shift.map((s) => [s])),
      ),
    ).toBeLessThan(bound);
  });

  test('has a vjp whose cotangents of t, h and output times equal differences', () => {
    const loss = (start: number, size: number, ts: readonly number[]) => {
      const stepper = bind();
      const step = stepper.step(start, start + size, y0);
      const dots = ts.map((t, i) => dot(stepper.interpolate(step, t), outputCotangents[i] as Float64Array));
      return dots.reduce((sum, value) => sum + value, dot(step.y1, y1Cotangent));
    };
    const outputs = outputTimes.map((t, i) => ({ t, cotangent: outputCotangents[i] as Float64Array }));
    const back = bind().vjp(bind().revisit(t0, t0 + h, y0), { y1: y1Cotangent, outputs, wantTime: true });
    const bound = 1e-9 * roundOff;
    expect(relativeError([back.t], [derivative((t) => loss(t, h, outputTimes), t0, 1e-3)])).toBeLessThan(bound);
    expect(relativeError([back.h], [derivative((size) => loss(t0, size, outputTimes), h, 1e-3)])).toBeLessThan(bound);
    const expected = gradientByDifferences((ts) => loss(t0, h, ts), outputTimes, 1e-3);
    expect(relativeError(back.outputs, expected)).toBeLessThan(bound);
  });

  test('gives back every state', () => {
    const { space, field, living } = audit(float64Space);
    const norm = solver.errorOrder === undefined ? undefined : errorNorm(space, { rtol: 1e-3, atol: 1e-4 });
    const stepper = solver.bind(field(fieldOf(problem)), space, norm);
    const outputs = outputTimes.map((t, i) => ({ t, cotangent: outputCotangents[i] as Float64Array }));
    const step = stepper.step(t0, t0 + h, y0, stepper.start(t0, y0));
    for (const trace of [step, stepper.revisit(t0, t0 + h, y0)]) {
      const inside = stepper.interpolate(trace, t0 + 0.5 * h);
      for (const errorNorm of norm ? [0, 1.5] : [0]) {
        const back = stepper.vjp(trace, { y1: y1Cotangent, outputs, errorNorm, wantTime: true });
        for (const y of [back.y0, back.parameters]) space.release(y);
      }
      for (const y of [inside, ...stepper.states(trace)]) space.release(y);
    }
    expect(living()).toBe(0);
  });

  test('leaves out what is not wanted', () => {
    const back = bind().vjp(bind().revisit(t0, t0 + h, y0), { y1: y1Cotangent });
    expect(back).toMatchObject({ t: 0, h: 0, outputs: [] });
    const nothing = bind().vjp(bind().revisit(t0, t0 + h, y0), {});
    expect(nothing).toMatchObject({ y0: new Float64Array(2), parameters: new Float64Array(1) });
  });
}

/** The tests of solvers with an error estimate. */
function describeErrorControl(solver: Solver, claims: SolverClaims): void {
  const { evaluationsPerStep, firstSameAsLast, roundOff = 1 } = claims;
  test('evaluates the field exactly as often as it must under control', () => {
    const options = { solver, parameters: [0.4], rtol: 1e-7, atol: 1e-9, firstStep: 3 };
    const { stats } = solve(drivenDecay, options);
    const { accepted, rejected, evaluations } = stats;
    expect(rejected).toBeGreaterThan(0);
    // A rejected trial's first slope serves the next.
    expect(evaluations).toBe((accepted + rejected) * evaluationsPerStep + (firstSameAsLast ? 1 : accepted));
  });

  test('spends one evaluation on the choice of the first step', () => {
    const { stats } = solve(drivenDecay, { solver, parameters: [0.4] });
    const { accepted, rejected, evaluations } = stats;
    expect(evaluations).toBe(1 + (accepted + rejected) * evaluationsPerStep + (firstSameAsLast ? 1 : accepted));
  });

  test('evaluates the field only within the span', () => {
    const times: number[] = [];
    const f = (t: number, y: Float64Array) => {
      times.push(t);
      return [-y[0]! * Math.cos(t)];
    };
    solve({ f, y0: [1], t0: 0.5, t1: 2.5 }, { solver, rtol: 1e-3, saveAt: [1, 2.49, 2.5] });
    expect(Math.min(...times)).toBe(0.5);
    expect(Math.max(...times)).toBeLessThanOrEqual(2.5);
  });
  test('lands on the end of the span under error control', () => {
    const { mesh, ts, ys } = solve(spiral, { solver, parameters: spiral.parameters, rtol: 1e-5, atol: 1e-7 });
    expect(ts).toEqual([spiral.t1]);
    expect(mesh.ts.at(-1)).toBe(spiral.t1);
    expect(relativeError(ys[0] as Float64Array, spiral.exact?.(spiral.t1) ?? [])).toBeLessThan(1e-2);
  });

  test('has a vjp of the error norm that equals differences', () => {
    const norm = errorNorm(float64Space, { rtol: 1e-3, atol: 1e-4 });
    const bind = (p: readonly number[]) => solver.bind(fieldOf(problem, p), float64Space, norm);
    const size = 0.5;
    const loss = (start: number, end: number, y: readonly number[], p: readonly number[]) => {
      const step = bind(p).step(start, end, Float64Array.from(y));
      return 2 * (step.errorNorm as number) + dot(step.y1, y1Cotangent);
    };
    const p = problem.parameters;
    const cotangents: StepCotangents<Float64Array> = { y1: y1Cotangent, errorNorm: 2, wantTime: true };
    const stepper = bind(p);
    const taken = stepper.step(t0, t0 + size, y0);
    for (const trace of [taken, stepper.revisit(t0, t0 + size, y0)]) {
      const back = stepper.vjp(trace, cotangents);
      const end = t0 + size;
      const close = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
        expect(relativeError(actual, expected)).toBeLessThan(1e-6 * roundOff);
      close(
        back.y0,
        gradientByDifferences((y) => loss(t0, end, y, p), problem.y0, 1e-3),
      );
      close(
        back.parameters,
        gradientByDifferences((q) => loss(t0, end, problem.y0, q), p, 1e-3),
      );
      close([back.t], [derivative((t) => loss(t, t + size, problem.y0, p), t0, 1e-3)]);
      close([back.h], [derivative((s) => loss(t0, t0 + s, problem.y0, p), size, 1e-3)]);
    }
  });
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => (value - (b[i] as number)) ** 2).reduce((sum, square) => sum + square, 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
