import { describe, expect, it } from 'vitest';
import { allTableaux } from './all.ts';
import { specOf } from './build-tableau.ts';
import { checkSpec } from './check-spec.ts';
import { parseCoefficient } from './coefficient.ts';
import { doubleResidual, exactResidual } from './elementary-weights.ts';
import type { Coefficient, Tableau, TableauSpec } from './tableau.ts';
import { type Tree, treesOfOrder, treesUpTo } from './tree.ts';

type Condition = readonly [tree: Tree, rightSide: number];
type Weights<T> = readonly (readonly T[])[];

const rationals = (row: readonly Coefficient[]) => row.map((x) => parseCoefficient(x).rational);
const subtract = (x: readonly number[], y: readonly number[]) => x.map((value, i) => value - (y[i] ?? 0));
const absolute = (row: readonly number[]) => row.map(Math.abs);
const largest = (values: Iterable<number>) => Math.max(0, ...[...values].map(Math.abs));
const isFraction = (text: Coefficient) => Number.isInteger(Number(text)) || String(text).includes('/');
const specification = (tableau: Tableau) => specOf(tableau) as TableauSpec;
const conditions = (trees: readonly Tree[]) => trees.map((tree): Condition => [tree, 1]);

/**
 * One row of weights for every basis polynomial, with the conditions that it has to keep.
 *
 * @param share the coefficient of theta^order on the k-th basis polynomial
 */
function denseRows<T>(
  weights: Weights<T>,
  trees: readonly Tree[],
  share: (order: number, k: number) => number,
): [T[], Condition[]][] {
  return (weights[0] ?? []).map((_, k) => [
    weights.map((row) => row[k] as T),
    trees.map((tree): Condition => [tree, share(tree.order, k)]),
  ]);
}

/** Of the powers theta, theta^2, ..., as dense output is written. */
const onPowers = (order: number, k: number): number => (order === k + 1 ? 1 : 0);

/** Of the Bernstein polynomials of degree n, as it is evaluated: C(k, order) / C(n, order); none beyond the degree. */
const onBernstein = (weights: Weights<number>) => (order: number, k: number) => {
  const n = (weights[0] as readonly number[]).length - 1;
  let share = order > n ? 0 : 1;
  for (let j = 0; j < Math.min(order, n); j++) share *= Math.max(0, k - j) / (n - j);
  return share;
};

/** Residuals in double precision, relative to the size of the terms summed. */
function relativeResiduals(a: Weights<number>, rows: [readonly number[], Condition[]][]): number[] {
  const [residual, size] = [doubleResidual(a), doubleResidual(a.map(absolute))];
  return rows.flatMap(([row, list]) =>
    list.map(
      ([tree, rightSide]) => residual(row, tree, rightSide) / Math.max(size(absolute(row), tree, 0), 1 / tree.density),
    ),
  );
}

/** Residuals of the coefficients as written. */
function exactResiduals(a: Weights<Coefficient>, rows: [readonly Coefficient[], Condition[]][]): number[] {
  const residual = exactResidual(a.map(rationals));
  return rows.flatMap(([row, list]) => {
    const exact = rationals(row);
    return list.map(([tree, rightSide]) => residual(exact, tree, rightSide as 0 | 1));
  });
}

describe.each(allTableaux.map((tableau) => [tableau.name, tableau] as const))('%s', (_, tableau) => {
  const { order, embeddedOrder = 0, a, b, bError, bErrorLow, dense } = tableau;
  const spec = specification(tableau);
  const isExact = !JSON.stringify(spec).includes('.');
  const whole = [...a, ...dense.extra.a];
  const wholeSpec = [...spec.a, ...(spec.dense?.extra?.a ?? [])];
  // Text of 29 digits or more, in sums whose terms reach 1e5.
  const digits = isExact ? 0 : 1e-25;
  const roundoff = 1e-15;

  it('passes the check that it skips at import', () => {
    expect(() => checkSpec(spec)).not.toThrow();
  });

  it('keeps its order conditions in double precision', () => {
    const rows: [readonly number[], Condition[]][] = [[b, conditions(treesUpTo(order))]];
    if (bError) rows.push([subtract(b, bError), conditions(treesUpTo(embeddedOrder))]);
    if (bErrorLow) rows.push([subtract(b, bErrorLow), conditions(treesUpTo(spec.embeddedLowOrder ?? 0))]);
    expect(largest(relativeResiduals(a, rows))).toBeLessThanOrEqual(roundoff);
  });

  it('keeps them as written, exactly where it is written in fractions', () => {
    const vanishing = (upTo: number) => treesUpTo(upTo).map((tree): Condition => [tree, 0]);
    const rows: [readonly Coefficient[], Condition[]][] = [[spec.b, conditions(treesUpTo(order))]];
    if (spec.bError) rows.push([spec.bError, vanishing(Math.min(order, embeddedOrder))]);
    if (spec.bErrorLow) rows.push([spec.bErrorLow, vanishing(spec.embeddedLowOrder ?? 0)]);
    expect(largest(exactResiduals(spec.a, rows))).toBeLessThanOrEqual(digits);
  });

  it('has dense output of the order claimed, in double precision and as written', () => {
    const trees = treesUpTo(dense.order);
    const rows = denseRows(dense.weights, trees, onBernstein(dense.weights));
    expect(largest(relativeResiduals(whole, rows))).toBeLessThanOrEqual(roundoff);
    if (!spec.dense) return;
    expect(largest(exactResiduals(wholeSpec, denseRows(spec.dense.weights, trees, onPowers)))).toBeLessThanOrEqual(
      digits,
    );
  });

  it('ends its dense output at y1', () => {
    dense.weights.forEach((row, i) => {
      expect(row[0]).toBe(0);
      expect(row.at(-1)).toBeCloseTo(b[i] ?? 0, 14);
    });
  });

  it('claims no order too low', () => {
    const next = (claimed: number) => treesOfOrder(claimed + 1);
    expect(largest(exactResiduals(spec.a, [[spec.b, conditions(next(order))]]))).toBeGreaterThan(1e-9);
    const output = relativeResiduals(whole, denseRows(dense.weights, next(dense.order), onBernstein(dense.weights)));
    expect(largest(output)).toBeGreaterThan(1e-9);
    if (!bError) return;
    const embedded = relativeResiduals(a, [[subtract(b, bError), conditions(next(embeddedOrder))]]);
    expect(largest(embedded)).toBeGreaterThan(1e-9);
  });

  it('is explicit, and its doubles are the nearest to its text', () => {
    expect(tableau.explicit).toBe(true);
    const text = [...spec.c, ...spec.a.flat(), ...spec.b];
    expect([...tableau.c, ...a.flat(), ...b]).toEqual(text.map((x) => parseCoefficient(x).value));
    if (isExact) expect(text.every(isFraction)).toBe(true);
  });
});

it('knows which methods are first same as last', () => {
  const fsal = allTableaux.filter((tableau) => tableau.fsal).map(({ name }) => name);
  expect(fsal).toEqual(['bosh3', 'dop853', 'dopri5', 'tsit5', 'verner65']);
});

it('cites a source for each', () => {
  for (const { citation } of allTableaux) {
    expect(citation.year).toBeGreaterThan(1700);
    expect(citation.where ?? citation.doi ?? citation.url).toBeDefined();
  }
});
