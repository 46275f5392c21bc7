import { type ArrayFunction, solve } from '@neural-ode/core';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { verner98 } from '@neural-ode/tableaux';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arenstorf,
  derivative,
  detestProblems,
  differentiableProblems,
  directionalDerivative,
  gradientByDifferences,
  lotkaVolterra,
  reference,
  relativeError,
  scaledError,
  type TestProblem,
  threeBody,
  variational,
} from './index.ts';

const solver = explicitRungeKutta(verner98);
const fine = { solver, rtol: 1e-12, atol: 1e-14 };

describe.each(differentiableProblems)('$name', ({ f, vjp, y0, parameters, t0, t1, exact }) => {
  const arrays = (f: ArrayFunction, t: number, y: readonly number[], p: readonly number[]) =>
    Array.from(f(t, Float64Array.from(y), Float64Array.from(p)));

  test('has a vjp that equals differences', () => {
    const small = fc.double({ min: -0.05, max: 0.05, noNaN: true });
    const near = fc.array(small, { minLength: y0.length, maxLength: y0.length });
    fc.assert(
      fc.property(near, near, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (shift, v, share) => {
        const y = y0.map((value, i) => value + shift[i]!);
        const t = t0 + share * (t1 - t0);
        const loss = (s: number, z: readonly number[], p: readonly number[]) =>
          arrays(f, s, z, p).reduce((sum, slope, i) => sum + slope * v[i]!, 0);
        const back = vjp(t, Float64Array.from(y), Float64Array.from(v), Float64Array.from(parameters));
        const close = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
          const size = Math.max(...Array.from(expected, Math.abs), 1e-3);
          const errors = Array.from(expected, (e, i) => Math.abs(e - actual[i]!) / size);
          expect(actual.length).toBe(expected.length);
          expect(Math.max(0, ...errors)).toBeLessThan(1e-7);
        };
        close(
          back.y,
          gradientByDifferences((z) => loss(t, z, parameters), y, 2e-3),
        );
        close(
          back.p ?? [],
          gradientByDifferences((p) => loss(t, y, p), parameters),
        );
        close([back.t ?? 0], [derivative((s) => loss(s, y, parameters), t)]);
      }),
      { numRuns: 20 },
    );
  });

  if (exact === undefined) return;
  test('is solved by its formula', () => {
    expect(relativeError(exact(t0), y0)).toBeLessThan(1e-15);
    for (const share of [0.1, 0.5, 0.9]) {
      const t = t0 + share * (t1 - t0);
      const slope = y0.map((_, i) => derivative((s) => exact(s)[i]!, t, 2e-3));
      expect(relativeError(slope, arrays(f, t, exact(t), parameters))).toBeLessThan(1e-9);
    }
  });
});

describe('golden values', () => {
  const end = (problem: TestProblem, t1: number = problem.t1) => {
    const { parameters } = problem;
    return Array.from(solve({ ...problem, t1 }, { ...fine, parameters }).ys[0]!);
  };

  test('of Lotka-Volterra', () => {
    expect(relativeError(end(lotkaVolterra), reference.lotkaVolterra.u1)).toBeLessThan(1e-11);
  });

  test.each(Object.entries(reference.threeBody.positions))('of three bodies at t = %s', (t, positions) => {
    expect(relativeError(end(threeBody, Number(t)).slice(0, 9), positions.flat())).toBeLessThan(1e-7);
  });

  test('of the Arenstorf orbit, which closes', () => {
    expect(relativeError(end(arenstorf), arenstorf.y0)).toBeLessThan(1e-8);
  });

  test.each(detestProblems)('of DETEST $name', (problem) => {
    const digits = { rtol: 1e-9, atol: 1e-11 };
    expect(scaledError(end(problem), problem.end, digits)).toBeLessThan(1);
  });
});

test('the variational problem differentiates the solution', () => {
  const big = variational(threeBody);
  const parts = big.split(solve({ ...big, t1: 0.2 }, { ...fine, parameters: big.parameters }).ys[0]!);
  const first = (y0: readonly number[], parameters: readonly number[]) =>
    solve({ ...threeBody, y0, t1: 0.2 }, { ...fine, parameters }).ys[0]![0]!;
  const along = threeBody.y0.map((_, i) => Math.sin(i));
  const expected = directionalDerivative((y) => first(y, threeBody.parameters), threeBody.y0, along, 1e-3);
  expect(parts.y0[0]!.reduce((sum, x, i) => sum + x * along[i]!, 0)).toBeCloseTo(expected, 8);
  const { parameters } = threeBody;
  const slopes = gradientByDifferences((p) => first(threeBody.y0, p), parameters, 1e-2);
  expect(relativeError(parts.parameters[0]!, slopes)).toBeLessThan(1e-8);
});
