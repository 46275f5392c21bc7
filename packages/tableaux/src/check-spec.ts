import { type ParsedCoefficient, parseCoefficient } from './coefficient.ts';
import { doubleConditions, exactConditions, type Residual, type RightSide } from './elementary-weights.ts';
import { fractionSum } from './rational.ts';
import type { Coefficient, TableauSpec } from './tableau.ts';
import { TableauError } from './tableau-error.ts';

const TOLERANCE = 1e-13;

type Parsed = readonly ParsedCoefficient[];
type Check = (row: Parsed, where: string, order: number, rightSide?: RightSide) => void;

/** Throws a {@link TableauError} unless the specification keeps what it claims. */
export function checkSpec(spec: TableauSpec): void {
  const { name, dense } = spec;
  checkOrders(spec);
  checkLengths(spec);
  const read = (row: readonly Coefficient[]): Parsed => row.map((coefficient) => parse(name, coefficient));
  const a = spec.a.map(read);
  const b = read(spec.b);
  checkRowSums(name, 'a', a, read(spec.c));
  const check = orderCheck(name, a);
  check(b, 'b', spec.order);
  if (spec.bError) check(minus(b, read(spec.bError)), 'b - bError', spec.embeddedOrder ?? 0);
  if (spec.bErrorLow) check(minus(b, read(spec.bErrorLow)), 'b - bErrorLow', spec.embeddedLowOrder ?? 0);
  if (!dense) return;
  const extra = (dense.extra?.a ?? []).map(read);
  const weights = dense.weights.map(read);
  checkRowSums(
    name,
    'dense.extra.a',
    extra,
    (dense.extra?.c ?? []).map((coefficient) => parse(name, coefficient)),
  );
  checkEnd(name, weights, b);
  checkDense(orderCheck(name, [...a, ...extra]), weights, dense.order);
}

function checkOrders({ name, order, embeddedOrder, embeddedLowOrder, bError, bErrorLow, dense }: TableauSpec): void {
  const claims = {
    order,
    ...(bError || embeddedOrder !== undefined ? { embeddedOrder } : {}),
    ...(bErrorLow || embeddedLowOrder !== undefined ? { embeddedLowOrder } : {}),
    ...(dense ? { 'dense.order': dense.order } : {}),
  };
  for (const [row, claim] of Object.entries(claims)) {
    if (claim !== undefined && Number.isInteger(claim) && claim >= 1) continue;
    const message = `${name}: ${row} is ${claim}, but must be a whole number of at least 1, being the order that is checked: state it.`;
    throw new TableauError('order', message, { tableau: name, row });
  }
}

function checkLengths({ name, c, a, b, bError = b, bErrorLow = b, dense }: TableauSpec): void {
  const stages = b.length;
  const expect = (row: string, length: number, ...allowed: number[]): void => {
    if (allowed.includes(length)) return;
    const message = `${name}: ${row} has ${length} entries instead of ${allowed.join(' or ')}, b having ${stages}: an entry is missing or one too many; write zeros too.`;
    throw new TableauError('length', message, { tableau: name, row });
  };
  if (stages === 0) expect('b', 0, 1);
  expect('c', c.length, stages);
  expect('bError', bError.length, stages);
  expect('bErrorLow', bErrorLow.length, stages);
  expect('a', a.length, stages);
  a.forEach((row, i) => {
    expect(`a[${i}]`, row.length, i, stages);
  });
  if (!dense) return;
  const { extra = { c: [], a: [] }, weights } = dense;
  expect('dense.extra.c', extra.c.length, extra.a.length);
  extra.a.forEach((row, j) => {
    expect(`dense.extra.a[${j}]`, row.length, stages + j);
  });
  expect('dense.weights', weights.length, stages + extra.a.length);
  const degree = Math.max(...weights.map((row) => row.length));
  weights.forEach((row, i) => {
    expect(`dense.weights[${i}]`, row.length, degree);
  });
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
  const matrixIsExact = a.flat().every(({ exact }) => exact);
  const exactly = exactConditions(a.map(rationals));
  const roughly = doubleConditions(a.map(values));
  const sizes = doubleConditions(a.map(magnitudes));
  return (row, where, order, rightSide) => {
    const exact = matrixIsExact && row.every((coefficient) => coefficient.exact);
    const residuals = exact ? exactly(rationals(row), order, rightSide) : roughly(values(row), order, rightSide);
    // The same sums over absolute values, less nothing: the size of the terms summed.
    const size = exact ? [] : sizes(magnitudes(row), order, () => 0);
    const failing = residuals.find(({ residual }, i) => !(Math.abs(residual) <= tolerance(size[i])));
    if (failing) throw conditionFails(name, where, order, failing);
  };
}

function tolerance(size: Residual | undefined): number {
  return size ? TOLERANCE * Math.max(size.residual, 1 / size.tree.density) : 0;
}

function conditionFails(name: string, row: string, order: number, { tree, residual }: Residual): TableauError {
  const reached = tree.order - 1;
  return new TableauError(
    'order-condition',
    `${name}: ${row} fails the order condition of the tree ${tree} by ${residual}, so its order is ${reached} instead of ${order}: ` +
      `a coefficient is likely mistyped; compare with the source, or claim order ${reached}.`,
    { tableau: name, row, tree, residual },
  );
}

/** Sum of a row less its expected value: 0 where it holds, exactly or to the tolerance. */
function difference(row: Parsed, expected: ParsedCoefficient): number {
  const terms = [...row, negative(expected)];
  const residual = fractionSum(rationals(terms));
  if (terms.every(({ exact }) => exact)) return residual;
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

const rationals = (row: Parsed) => row.map(({ rational }) => rational);
const values = (row: Parsed) => row.map(({ value }) => value);
const magnitudes = (row: Parsed) => row.map(({ value }) => Math.abs(value));
