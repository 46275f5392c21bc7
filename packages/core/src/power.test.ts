import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { power } from './power.ts';

test('powers of positive numbers are those of JavaScript to 1e-12', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
        fc.double({ min: 0, noNaN: true }),
        fc.constantFrom(1, 2, 0.5, Math.SQRT1_2, Math.SQRT2, 2 ** -1000, 2 ** 1000, 5e-324),
      ),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (base, exponent) => {
        const expected = base ** exponent;
        const actual = power(base, exponent);
        if (expected === 0 || !Number.isFinite(expected)) expect(actual).toBe(expected);
        else expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-12);
      },
    ),
    { numRuns: 5000 },
  );
});

test('what is special', () => {
  expect(power(0, -0.2)).toBe(Number.POSITIVE_INFINITY);
  expect(power(Number.POSITIVE_INFINITY, -0.2)).toBe(0);
  expect(power(Number.NaN, -0.2)).toBeNaN();
  expect(power(0.3, 0)).toBe(1);
  expect(power(1, -0.2)).toBe(1);
  expect(power(1e-300, -10)).toBe(Number.POSITIVE_INFINITY);
});
