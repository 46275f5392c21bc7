import { deferredSpace } from '@neural-ode/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstStepSize } from './first-step.ts';
import { arrayField, type ErrorNorm, errorNorm, float64Space, runAsync, runSync } from './index.ts';

const size = (f: (t: number, y: Float64Array) => number[], y: number[], span: number, space = float64Space) => {
  const field = arrayField(f, { size: y.length });
  const y0 = Float64Array.from(y);
  const norm: ErrorNorm<Float64Array> = errorNorm(space, { rtol: 1e-3, atol: 1e-6 });
  return firstStepSize(field, space, norm, { t0: 0, y0, f0: field.evaluate(0, y0) }, span, 4);
};

describe('firstStepSize', () => {
  test('follows Hairer, Norsett and Wanner', () => {
    // y' = -2 y, y(0) = 1: with sc = 1e-6 + 1e-3, d0 = 1 / sc, d1 = 2 / sc, h0 = 0.005 and d2 = 4 / sc.
    const expected = (0.01 / (4 / (1e-6 + 1e-3))) ** (1 / 5);
    expect(runSync(size((_t, [y = 0]) => [-2 * y], [1], 10))).toBeCloseTo(expected, 12);
  });

  test('is positive, finite and at most the span, whatever the field', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const span = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, value, span, fc.constantFrom(1, -1), (a, b, y, length, sign) => {
        const h = runSync(size((t, [x = 0]) => [a + b * x * Math.cos(t)], [y], sign * length));
        expect(h).toBeGreaterThan(0);
        expect(h).toBeLessThanOrEqual(length);
      }),
    );
  });

  test('is the same in either direction of time for a field that is', () => {
    const slope = (_t: number, [y = 0]: Float64Array) => [y ** 2];
    const back = (_t: number, [y = 0]: Float64Array) => [-(y ** 2)];
    expect(runSync(size(slope, [0.7], 3))).toBe(runSync(size(back, [0.7], -3)));
  });

  test('is short where an Euler step leaves the domain of the field', () => {
    const h = runSync(size((_t, [y = 0]) => [y < 1 ? Number.NaN : -1], [1], 10));
    expect(h).toBeGreaterThan(0);
    expect(h).toBeLessThan(1e-3);
  });

  test('waits for norms', async () => {
    const f = (_t: number, [y = 0]: Float64Array) => [-2 * y];
    expect(await runAsync(size(f, [1], 10, deferredSpace(float64Space)))).toBe(runSync(size(f, [1], 10)));
  });
});
