import { expect, test } from 'vitest';
import { randomNumbers } from '../graph/random-program.ts';
import { meantDouble } from './decimals.ts';

test('short decimals come back from float32', () => {
  for (const value of [0.1, -0.3, 1e-7, 2.5e-12, 1234.567, 0.0625, 1 / 4, 2.998, 6.02e23, 1e-36, -1.050701]) {
    expect(meantDouble(Math.fround(value))).toBe(value);
  }
});

test('a float32 stays the same float32', () => {
  const random = randomNumbers(1);
  for (let n = 0; n < 20_000; n++) {
    const value = Math.fround((random() - 0.5) * 10 ** (random() * 60 - 30));
    expect(Math.fround(meantDouble(value))).toBe(value);
  }
});

test('what is no float32, or whole, or not finite, stays', () => {
  for (const value of [Math.PI, 0, -0, 16777217, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(meantDouble(value)).toBe(value);
  }
});
