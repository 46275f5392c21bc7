import { commonDenominator, type Rational, toDouble } from './rational.ts';
import { type Tree, treesUpTo } from './tree.ts';

/** Left side minus right side of one order condition. */
export interface Residual {
  readonly tree: Tree;
  /** Correctly rounded when computed exactly; exactly 0 then means that the condition holds. */
  readonly residual: number;
}

/** Whether a condition's right side is 1/gamma(t), or 0. */
export type RightSide = (tree: Tree) => 0 | 1;

/** Residuals of a row of weights, for every tree up to an order; default right side 1/gamma(t). */
export type Conditions<T> = (row: readonly T[], order: number, rightSide?: RightSide) => Residual[];

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
 * Residuals of order conditions in double precision: sum_i row_i Phi_i(t) - 1/gamma(t).
 *
 * @param a rows of the matrix, s of them, with up to s entries each
 */
export function doubleConditions(a: readonly (readonly number[])[]): Conditions<number> {
  const weights = elementaryWeights(a, DOUBLES);
  return (row, order, rightSide = () => 1) =>
    treesUpTo(order).map((tree) => {
      const phi = weights(tree);
      const sum = row.reduce((total, x, i) => total + x * (phi[i] as number), 0);
      return { tree, residual: sum - rightSide(tree) / tree.density };
    });
}

/**
 * The same in exact arithmetic: {@link doubleConditions} over rationals. With one common denominator
 * D of the matrix, Phi_i(t) D^(|t| - 1) is an integer, so no fraction is ever reduced.
 */
export function exactConditions(a: readonly (readonly Rational[])[]): Conditions<Rational> {
  const common = commonDenominator(a.flat());
  const weights = elementaryWeights(
    a.map((row) => integers(row, common)),
    INTEGERS,
  );
  return (row, order, rightSide = () => 1) => {
    const rowCommon = commonDenominator(row);
    const scaledRow = integers(row, rowCommon);
    return treesUpTo(order).map((tree) => {
      const phi = weights(tree);
      const sum = scaledRow.reduce((total, x, i) => total + x * (phi[i] as bigint), 0n);
      const one = rowCommon * common ** BigInt(tree.order - 1);
      const density = BigInt(tree.density);
      const numerator = sum * density - BigInt(rightSide(tree)) * one;
      return { tree, residual: toDouble({ numerator, denominator: density * one }) };
    });
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
