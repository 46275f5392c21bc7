import { checkEntries, checkLengths, checkOrders } from './check-shape.ts';
import { type ParsedCoefficient, parseCoefficient } from './coefficient.ts';
import { doubleResidual, exactResidual } from './elementary-weights.ts';
import { fractionSum } from './rational.ts';
import type { Coefficient, TableauSpec } from './tableau.ts';
import { TableauError } from './tableau-error.ts';
import { type Tree, treesUpTo } from './tree.ts';

const TOLERANCE = 1e-13;

type Parsed = readonly ParsedCoefficient[];
type Check = (row: Parsed, where: string, order: number, rightSide?: (tree: Tree) => 0 | 1) => void;

/** Throws a {@link TableauError} unless the specification keeps what it claims. */
export function checkSpec(spec: TableauSpec): void {
  const { name, dense } = spec;
  checkEntries(spec);
  checkOrders(spec);
  checkLengths(spec);
  const read = (row: readonly Coefficient[]): Parsed => row.map((coefficient) => parse(name, coefficient));
  const a = spec.a.map(read);
  const b = read(spec.b);
  const weights = (dense?.weights ?? []).map(read);
  const extra = (dense?.extra?.a ?? []).map(read);
  checkRowSums(name, 'a', a, read(spec.c));
  checkRowSums(name, 'dense.extra.a', extra, read(dense?.extra?.c ?? []));
  checkEnd(name, weights, b);
  const check = orderCheck(name, a);
  check(b, 'b', spec.order);
  if (spec.bError) check(minus(b, read(spec.bError)), 'b - bError', spec.embeddedOrder ?? 0);
  if (spec.bErrorLow) check(minus(b, read(spec.bErrorLow)), 'b - bErrorLow', spec.embeddedLowOrder ?? 0);
  if (dense) checkDense(orderCheck(name, [...a, ...extra]), weights, dense.order);
}

function checkRowSums(name: string, matrix: string, a: readonly Parsed[], c: Parsed): void {
  a.forEach((row, i) => {
    const abscissa = c[i] as ParsedCoefficient;
    const residual = difference(row, abscissa);
    if (residual === 0) return;
    const where = `${matrix}[${i}]`;
    const message = `${name}: row ${where} sums to its c plus ${residual}: a coefficient of that row or its c is likely mistyped; compare them with the source.`;
    throw new TableauError('row-sum', message, { tableau: name, row: where, residual });
  });
}

function checkEnd(name: string, weights: readonly Parsed[], b: Parsed): void {
  weights.forEach((row, i) => {
    const residual = difference(row, b[i] ?? parseCoefficient(0));
    if (residual === 0) return;
    const where = `dense.weights[${i}]`;
    const message = `${name}: ${where} sums to b[${i}] (0 for an extra stage) plus ${residual}, so the dense output misses y1: a weight of that row is likely mistyped; compare it with the source.`;
    throw new TableauError('dense-end', message, { tableau: name, row: where, residual });
  });
}

/** sum_i b_i(theta) Phi_i(t) = theta^|t| / gamma(t), one power of theta after the other. */
function checkDense(check: Check, weights: readonly Parsed[], order: number): void {
  for (let k = 0; k < (weights[0]?.length ?? 0); k++) {
    const column = weights.map((row) => row[k] as ParsedCoefficient);
    check(column, `dense.weights, theta^${k + 1}`, order, (tree) => (tree.order === k + 1 ? 1 : 0));
  }
}

/** The check of one row of weights after another over the same matrix. */
function orderCheck(name: string, a: readonly Parsed[]): Check {
  const exactly = isExact(a.flat()) ? exactResidual(a.map(rationals)) : undefined;
  const roughly = doubleResidual(a.map(values));
  const magnitude = doubleResidual(a.map(magnitudes));
  return (row, where, order, rightSide = () => 1) => {
    const exactRow = exactly && isExact(row) ? rationals(row) : undefined;
    const [doubles, sizes] = [values(row), magnitudes(row)];
    for (const tree of treesUpTo(order)) {
      const right = rightSide(tree);
      const residual = exactly && exactRow ? exactly(exactRow, tree, right) : roughly(doubles, tree, right);
      if (Math.abs(residual) <= (exactRow ? 0 : TOLERANCE / tree.density)) continue;
      // The same sums over absolute values: the size of the terms summed.
      if (!exactRow && Math.abs(residual) <= TOLERANCE * magnitude(sizes, tree, 0)) continue;
      throw conditionFails(name, where, order, tree, residual);
    }
  };
}

function conditionFails(name: string, row: string, order: number, tree: Tree, residual: number): TableauError {
  const reached = tree.order - 1;
  return new TableauError(
    'order-condition',
    `${name}: ${row} fails the order condition of the tree ${tree} by ${residual}, so its order is ${reached} instead of ${order}: ` +
      `a coefficient is likely mistyped; compare with the source${reached > 0 ? `, or claim order ${reached}` : ''}.`,
    { tableau: name, row, tree, residual },
  );
}

/** Sum of a row less its expected value: 0 where it holds, exactly or to the tolerance. */
function difference(row: Parsed, expected: ParsedCoefficient): number {
  const terms = [...row, negative(expected)];
  const residual = fractionSum(rationals(terms));
  if (isExact(terms)) return residual;
  const size = magnitudes(terms).reduce((sum, x) => sum + x, 0);
  return Math.abs(residual) <= TOLERANCE * size ? 0 : residual;
}

function minus(x: Parsed, y: Parsed): Parsed {
  return x.map((left, i) => {
    const right = y[i] as ParsedCoefficient;
    const [p, q] = [left.rational, right.rational];
    return {
      value: left.value - right.value,
      rational: {
        numerator: p.numerator * q.denominator - q.numerator * p.denominator,
        denominator: p.denominator * q.denominator,
      },
      exact: left.exact && right.exact,
    };
  });
}

function negative({ value, rational, exact }: ParsedCoefficient): ParsedCoefficient {
  return { value: -value, rational: { ...rational, numerator: -rational.numerator }, exact };
}

function parse(name: string, coefficient: Coefficient): ParsedCoefficient {
  try {
    return parseCoefficient(coefficient);
  } catch (error) {
    if (!(error instanceof TableauError)) throw error;
    throw new TableauError(error.code, `${name}: ${error.message}`, { tableau: name, coefficient });
  }
}

const isExact = (row: Parsed) => row.every(({ exact }) => exact);
const rationals = (row: Parsed) => row.map(({ rational }) => rational);
const values = (row: Parsed) => row.map(({ value }) => value);
const magnitudes = (row: Parsed) => row.map(({ value }) => Math.abs(value));
