import { commonDenominator, type Rational, toDouble } from './rational.ts';
import type { Tree } from './tree.ts';

/**
 * Left side minus right side of one order condition: sum_i row_i Phi_i(t) - rightSide / gamma(t).
 * The right side is 1 unless given; dense output has zeros too.
 */
export type Residual<T, R extends number = 0 | 1> = (row: readonly T[], tree: Tree, rightSide?: R) => number;

/** The two operations that elementary weights are made of. */
interface Arithmetic<T> {
  readonly zero: T;
  readonly one: T;
  add(x: T, y: T): T;
  multiply(x: T, y: T): T;
}

const DOUBLES: Arithmetic<number> = {
  zero: 0,
  one: 1,
  add: (x, y) => x + y,
  multiply: (x, y) => x * y,
};

const INTEGERS: Arithmetic<bigint> = {
  zero: 0n,
  one: 1n,
  add: (x, y) => x + y,
  multiply: (x, y) => x * y,
};

/** The elementary weights Phi_i(t) of a matrix, over stages i and trees t. */
type WeightsOf<T> = (tree: Tree) => readonly T[];

/**
 * Phi_i(t) = product over the subtrees u of t of sum_j a_ij Phi_j(u). Subtrees are shared by
 * identity, so each tree costs one matrix-vector product, once.
 */
function elementaryWeights<T>(a: readonly (readonly T[])[], { zero, one, add, multiply }: Arithmetic<T>): WeightsOf<T> {
  const known = new Map<Tree, readonly T[]>();
  const grafted = new Map<Tree, readonly T[]>();
  const graft = (tree: Tree): readonly T[] => remember(grafted, tree, () => a.map((row) => dot(row, weights(tree))));
  const weights: WeightsOf<T> = (tree) =>
    remember(known, tree, () =>
      tree.children.map(graft).reduce(
        (product, factor) => product.map((x, i) => multiply(x, factor[i] as T)),
        a.map(() => one),
      ),
    );
  const dot = (row: readonly T[], vector: readonly T[]): T =>
    row.reduce((sum, x, j) => (x === zero ? sum : add(sum, multiply(x, vector[j] as T))), zero);
  return weights;
}

/**
 * Residuals of order conditions in double precision.
 *
 * @param a rows of the matrix, s of them, with up to s entries each
 * @returns a function of s weights and a tree; it remembers the trees it has seen
 */
export function doubleResidual(a: readonly (readonly number[])[]): Residual<number, number> {
  const weights = elementaryWeights(a, DOUBLES);
  return (row, tree, rightSide = 1) => {
    const phi = weights(tree);
    return row.reduce((sum, x, i) => sum + x * (phi[i] as number), 0) - rightSide / tree.density;
  };
}

/**
 * Residuals in exact arithmetic, rounded once at the end, so that 0 means that the condition holds.
 * With one common denominator D of the matrix, Phi_i(t) D^(|t| - 1) is an integer, and no fraction
 * is ever reduced.
 *
 * @param a rows of the matrix, s of them, with up to s entries each
 * @returns as of {@link doubleResidual}
 */
export function exactResidual(a: readonly (readonly Rational[])[]): Residual<Rational> {
  const common = commonDenominator(a.flat());
  const matrix = a.map((row) => integers(row, common));
  const weights = elementaryWeights(matrix, INTEGERS);
  return (row, tree, rightSide = 1) => {
    const phi = weights(tree);
    const rowCommon = commonDenominator(row);
    const sum = integers(row, rowCommon).reduce((total, x, i) => total + x * (phi[i] as bigint), 0n);
    const one = rowCommon * common ** BigInt(tree.order - 1);
    const density = BigInt(tree.density);
    const numerator = sum * density - BigInt(rightSide) * one;
    return toDouble({ numerator, denominator: density * one });
  };
}

function integers(row: readonly Rational[], common: bigint): bigint[] {
  return row.map(({ numerator, denominator }) => (numerator * common) / denominator);
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
