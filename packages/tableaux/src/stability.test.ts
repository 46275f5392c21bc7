import { describe, expect, it } from 'vitest';
import { allTableaux } from './all.ts';
import { bosh3 } from './bosh3.ts';
import { defineTableau } from './define-tableau.ts';
import { euler } from './euler.ts';
import { heun } from './heun.ts';
import { rk4 } from './rk4.ts';
import { imaginaryStabilityInterval, realStabilityInterval, stabilityFunction } from './stability.ts';
import type { Tableau } from './tableau.ts';

const citation = { authors: 'Hairer, Wanner', year: 1996, title: 'Solving Ordinary Differential Equations II' };
const implicitMidpoint = defineTableau({ name: 'implicitMidpoint', order: 2, c: [0.5], a: [[0.5]], b: [1], citation });
const radau3 = defineTableau({
  name: 'radau3',
  order: 3,
  c: ['1/3', '1'],
  a: [
    ['5/12', '-1/12'],
    ['3/4', '1/4'],
  ],
  b: ['3/4', '1/4'],
  citation,
});

/** The stages of y' = z y one after the other: what R(z) means. */
function step({ a, b }: Tableau, z: number): number {
  const k: number[] = [];
  for (const row of a) k.push(z * row.reduce((sum, x, j) => sum + x * (k[j] as number), 1));
  return b.reduce((sum, weight, i) => sum + weight * (k[i] as number), 1);
}

describe('stabilityFunction', () => {
  it('agrees with exp up to the order', () => {
    for (const tableau of allTableaux) {
      const { coefficients = [] } = stabilityFunction(tableau);
      let factorial = 1;
      for (let k = 0; k <= tableau.order; k++) {
        factorial *= Math.max(k, 1);
        expect((coefficients[k] ?? 0) * factorial, `${tableau.name}, z^${k}`).toBeCloseTo(1, 6);
      }
    }
  });

  it('is what one step multiplies by', () => {
    for (const tableau of allTableaux.filter(({ name }) => name !== 'verner65')) {
      for (const z of [-2, -0.5, 0.25]) {
        const [re, im] = stabilityFunction(tableau).at([z, 0]);
        expect(re).toBeCloseTo(step(tableau, z), 10);
        expect(im).toBe(0);
      }
    }
  });

  it('is rational for implicit methods', () => {
    const midpoint = stabilityFunction(implicitMidpoint);
    expect(midpoint.coefficients).toBeUndefined();
    expect(midpoint.at([-3, 0])[0]).toBeCloseTo((1 - 1.5) / (1 + 1.5), 15);
    expect(Math.hypot(...midpoint.at([0, 7]))).toBeCloseTo(1, 15);
    const z = -5; // (1 + z/3) / (1 - 2z/3 + z^2/6)
    expect(stabilityFunction(radau3).at([z, 0])[0]).toBeCloseTo((1 + z / 3) / (1 - (2 * z) / 3 + z ** 2 / 6), 14);
  });
});

describe('stability intervals', () => {
  it('are those of the literature', () => {
    expect(realStabilityInterval(euler)).toBeCloseTo(2, 10);
    expect(realStabilityInterval(heun)).toBeCloseTo(2, 10);
    expect(realStabilityInterval(bosh3)).toBeCloseTo(2.5127453266, 8);
    expect(realStabilityInterval(rk4)).toBeCloseTo(2.7852935634, 8);
    expect(imaginaryStabilityInterval(euler)).toBe(0);
    expect(imaginaryStabilityInterval(heun)).toBe(0);
    expect(imaginaryStabilityInterval(bosh3)).toBeCloseTo(Math.sqrt(3), 10);
    expect(imaginaryStabilityInterval(rk4)).toBeCloseTo(2 * Math.SQRT2, 10);
  });

  it('are infinite for A-stable methods', () => {
    expect(realStabilityInterval(radau3)).toBe(Number.POSITIVE_INFINITY);
    expect(imaginaryStabilityInterval(implicitMidpoint)).toBe(Number.POSITIVE_INFINITY);
  });
});
