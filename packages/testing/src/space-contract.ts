import { type Reading, read, runSync, type Space } from '@neural-ode/core';
import { describe, expect, test } from 'vitest';
import { relativeError } from './closeness.ts';
import { gradientByDifferences } from './finite-difference.ts';

/** How a test makes the states of a space and looks into them. */
export interface SpaceAccess<Y> {
  /** A state of five components, in the order in which `values` gives them back. */
  make(values: readonly number[]): Y;
  values(y: Y): ArrayLike<number>;
  /** Relative precision of a component. Default that of doubles. */
  readonly epsilon?: number;
}

const a = [1.5, -2.25, 0.125, 4, -0.5];
const b = [0.5, 3, -1.75, 0, 2];
const e = [0.01, -0.02, 0.005, 0.03, -0.04];
const tolerance = { rtol: 0.01, atol: 0.02 };

/** The tests that every space passes. */
export function describeSpace<Y>(name: string, space: Space<Y>, access: SpaceAccess<Y>): void {
  const { make, values, epsilon = Number.EPSILON } = access;
  const bound = 50 * epsilon;
  const number = (reading: Reading) => runSync(read(reading));
  const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, within = bound) =>
    expect(relativeError(actual, expected)).toBeLessThan(within);

  describe(`${name}: space contract`, () => {
    test('combines states linearly into a new one', () => {
      const terms = [make(b), make(e), make(a)];
      const base = make(a);
      close(
        values(space.combine(base, [2, -0.5, 0], terms)),
        a.map((x, i) => x + 2 * b[i]! - 0.5 * e[i]!),
      );
      close(
        values(space.combine(null, [2, -0.5, 3], terms)),
        a.map((x, i) => 3 * x + 2 * b[i]! - 0.5 * e[i]!),
      );
      expect(Array.from(values(base))).toEqual(a);
    });

    test('copies a state by combining it with nothing', () => {
      const y = make(a);
      const copy = space.combine(y, [], []);
      expect(copy).not.toBe(y);
      space.release(y);
      expect(Array.from(values(copy))).toEqual(a);
    });

    test('makes a zero state', () => {
      expect(Array.from(values(space.zeros(make(a))))).toEqual([0, 0, 0, 0, 0]);
      expect(space.size(make(a))).toBe(5);
    });

    test('has the dot product of all components', () => {
      close([space.dot(make(a), make(b))], [a.reduce((sum, x, i) => sum + x * b[i]!, 0)]);
    });

    test('has the root mean square as norm', () => {
      close([number(space.norm(make(a)))], [Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / 5)]);
      expect(number(space.norm(make([0, 0, 0, 0, 0])))).toBe(0);
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY])('has a norm that is not finite for a component %d', (value) => {
      expect(number(space.norm(make([1, 2, value, 4, 5])))).not.toSatisfy(Number.isFinite);
      const bad = make([1, 2, value, 4, 5]);
      expect(number(space.errorNorm(bad, make(a), make(b), tolerance))).not.toSatisfy(Number.isFinite);
    });

    test('measures an error against both ends of a step', () => {
      const scaled = e.map((x, i) => x / (0.02 + 0.01 * Math.max(Math.abs(a[i]!), Math.abs(b[i]!))));
      const expected = Math.sqrt(scaled.reduce((sum, x) => sum + x * x, 0) / 5);
      close([number(space.errorNorm(make(e), make(a), make(b), tolerance))], [expected]);
    });

    test('takes a tolerance for each component', () => {
      const rtol = [0.01, 0.02, 0.5, 0.1, 0.03];
      const atol = [0.1, 0, 0.3, 0.01, 1];
      const scaled = e.map((x, i) => x / (atol[i]! + rtol[i]! * Math.max(Math.abs(a[i]!), Math.abs(b[i]!))));
      const expected = Math.sqrt(scaled.reduce((sum, x) => sum + x * x, 0) / 5);
      const tolerances = { rtol: make(rtol), atol: make(atol) };
      close([number(space.errorNorm(make(e), make(a), make(b), tolerances))], [expected]);
    });

    test('counts a component without error and without scale as zero', () => {
      const error = make([0, 0.1, 0, 0, 0]);
      const ends = make([0, 1, 0, 0, 0]);
      const relative = { rtol: 0.1, atol: 0 };
      close([number(space.errorNorm(error, ends, ends, relative))], [Math.sqrt(1 / 5)]);
      const back = space.errorNormVjp(error, ends, ends, relative, 1);
      for (const y of [back.error, back.y0, back.y1]) expect(Array.from(values(y))).toSatisfy(allFinite);
    });

    test('has a vjp of the error norm that equals differences', () => {
      // What the states hold is rounded to their precision, so the differences are taken on doubles.
      const norm = (error: readonly number[], y0: readonly number[], y1: readonly number[]) =>
        Math.sqrt(
          error.reduce(
            (sum, x, i) => sum + (x / (0.02 + 0.01 * Math.max(Math.abs(y0[i]!), Math.abs(y1[i]!)))) ** 2,
            0,
          ) / 5,
        );
      const back = space.errorNormVjp(make(e), make(a), make(b), tolerance, 3);
      const within = Math.max(1e-8, bound);
      close(
        values(back.error),
        gradientByDifferences((x) => 3 * norm(x, a, b), e, 1e-4),
        within,
      );
      close(
        values(back.y0),
        gradientByDifferences((x) => 3 * norm(e, x, b), a),
        within,
      );
      close(
        values(back.y1),
        gradientByDifferences((x) => 3 * norm(e, a, x), b),
        within,
      );
    });

    test('has a vjp of no error that is zero', () => {
      const zero = make([0, 0, 0, 0, 0]);
      const back = space.errorNormVjp(zero, make(a), make(b), tolerance, 3);
      for (const y of [back.error, back.y0, back.y1]) expect(Array.from(values(y))).toEqual([0, 0, 0, 0, 0]);
    });

    test('forgives a state released twice', () => {
      const y = space.zeros(make(a));
      space.release(y);
      expect(() => space.release(y)).not.toThrow();
    });
  });
}

function allFinite(numbers: readonly number[]): boolean {
  return numbers.every(Number.isFinite);
}
