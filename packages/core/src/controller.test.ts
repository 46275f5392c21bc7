import { describeController } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import { constantController, InvalidInputError, iController, piController, pidController } from './index.ts';

describeController('iController', iController());
describeController('piController', piController());
describeController('pidController', pidController());
describeController('pidController with narrow limits', pidController({ safety: 0.8, minFactor: 0.5, maxFactor: 2 }));

describe('iController', () => {
  const { decide, start } = iController();

  test('takes safety / error^(1 / (q + 1)), at least 0.2 and at most 10', () => {
    expect(decide(0.5, start(), 4).factor).toBeCloseTo(0.9 * 0.5 ** -0.2, 15);
    expect(decide(8, start(), 2).factor).toBeCloseTo(0.45, 15);
    expect(decide(1e9, start(), 4).factor).toBe(0.2);
    expect(decide(1e-9, start(), 4).factor).toBe(10);
  });

  test('grows again from the second acceptance after a rejection', () => {
    const rejected = decide(3, start(), 4).memory;
    const first = decide(0.001, rejected, 4);
    expect(first.factor).toBe(1);
    expect(decide(0.001, first.memory, 4).factor).toBeCloseTo(0.9 * 0.001 ** -0.2, 15);
  });
});

describe('pidController', () => {
  test('weighs the last three accepted error norms', () => {
    const { decide, start } = pidController({ p: 0.5, i: 0.3, d: 0.1 });
    // Accepted 0.8 and 0.4, rejected 2, accepted 0.6 and then 0.5.
    let memory = start();
    for (const error of [0.8, 0.4, 2, 0.6]) memory = decide(error, memory, 3).memory;
    const expected = 0.9 * 0.5 ** -(0.9 / 4) * 0.6 ** (0.7 / 4) * 0.4 ** -(0.1 / 4);
    expect(decide(0.5, memory, 3).factor).toBeCloseTo(expected, 14);
  });

  test.each([
    { safety: 0 },
    { safety: 1.1 },
    { minFactor: 0 },
    { minFactor: 1 },
    { maxFactor: 1 },
    { p: Number.NaN },
    { i: Number.POSITIVE_INFINITY },
  ])('refuses %o', (options) => {
    expect(() => pidController(options)).toThrow(InvalidInputError);
  });
});

test.each([0, -0.1, Number.NaN, Number.POSITIVE_INFINITY])('constantController refuses a size of %d', (stepSize) => {
  expect(() => constantController(stepSize)).toThrow(InvalidInputError);
});
