import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTimes, InvalidInputError, uniformMesh } from './index.ts';

describe('uniformMesh', () => {
  test('runs from t0 to exactly t1 in steps of one size, but for a shorter last one', () => {
    const time = fc.double({ min: -100, max: 100, noNaN: true }).map((t) => t + 0);
    fc.assert(
      fc.property(time, time, fc.double({ min: 0.01, max: 300, noNaN: true }), (t0, t1, stepSize) => {
        const ts = uniformMesh(t0, t1, stepSize);
        expect(ts[0]).toBe(t0);
        expect(ts.at(-1)).toBe(t1);
        checkTimes(ts, 'ts');
        const sizes = ts.slice(1).map((t, n) => Math.abs(t - ts[n]!));
        for (const size of sizes.slice(0, -1)) expect(Math.abs(size - stepSize)).toBeLessThan(1e-12 * (100 + stepSize));
        expect(sizes.at(-1) ?? 0).toBeLessThanOrEqual(stepSize * (1 + 1e-6));
      }),
    );
  });

  test('takes n steps of 1/n', () => {
    for (let n = 1; n <= 1000; n++) {
      expect(uniformMesh(0, 1, 1 / n)).toHaveLength(n + 1);
      expect(uniformMesh(1, 0, 1 / n)).toHaveLength(n + 1);
    }
  });

  test('has no step of no size where t is too coarse for the span to be told from a step', () => {
    expect(uniformMesh(1e6, 1e6 + 0.3, 0.3)).toEqual([1e6, 1e6 + 0.3]);
    expect(uniformMesh(1e6 + 0.3, 1e6, 0.3)).toEqual([1e6 + 0.3, 1e6]);
  });

  test('has one time where there is nothing to cross', () => {
    expect(uniformMesh(2, 2, 0.1)).toEqual([2]);
  });
});

describe('checkTimes', () => {
  test.each([[[0]], [[0, 1, 2]], [[3, 2.5, -1]]])('passes %j', (ts) => {
    expect(() => checkTimes(ts, 'ts')).not.toThrow();
  });

  test.each([
    [[], 'ts is empty'],
    [[Number.NaN], 'ts[0] is NaN'],
    [[0, Number.POSITIVE_INFINITY], 'ts[1] is Infinity'],
    [[1, 1], 'ts[0] = 1, ts[1] = 1'],
    [[0, 1, 0.5], 'ts[1] = 1, ts[2] = 0.5'],
    [[0, -1, -1], 'ts[1] = -1, ts[2] = -1'],
  ])('refuses %j', (ts, message) => {
    expect(() => checkTimes(ts, 'ts')).toThrow(InvalidInputError);
    expect(() => checkTimes(ts, 'ts')).toThrow(message);
  });
});
