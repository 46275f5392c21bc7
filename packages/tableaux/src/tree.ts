/**
 * A rooted tree: one order condition of a Runge-Kutta method (Butcher 1963; Hairer, Nørsett &
 * Wanner I, II.2).
 */
export interface Tree {
  /** Number of vertices. */
  readonly order: number;
  /** The subtrees above the root, in canonical order. */
  readonly children: readonly Tree[];
  /** sigma: the number of automorphisms. */
  readonly symmetry: number;
  /** gamma: the product of the orders of all subtrees; the condition's right side is 1/gamma. */
  readonly density: number;
  /** As `[[τ],τ]`. */
  toString(): string;
}

const byOrder: Tree[][] = [[], [makeTree([])]];

/**
 * All rooted trees of one order, each once: 1, 1, 2, 4, 9, 20, 48, 115, 286, 719, ...
 *
 * @param order number of vertices, at least 1
 * @returns the trees, in an order that never changes; trees share their subtrees by identity
 * @example
 * treesOfOrder(3).map(String); // ['[τ,τ]', '[[τ]]']
 */
export function treesOfOrder(order: number): readonly Tree[] {
  for (let next = byOrder.length; next <= order; next++) {
    // Smaller trees in canonical order; a tree is then a non-decreasing choice among them.
    const smaller = byOrder.flat();
    byOrder.push([...forests(smaller, 0, next - 1)].map(makeTree));
  }
  return byOrder[order] ?? [];
}

/** All rooted trees of order 1 to `order`, by order. */
export function treesUpTo(order: number): readonly Tree[] {
  treesOfOrder(order);
  return byOrder.slice(0, order + 1).flat();
}

function* forests(trees: readonly Tree[], from: number, vertices: number): Generator<Tree[]> {
  if (vertices === 0) yield [];
  for (let i = from; i < trees.length; i++) {
    const tree = trees[i] as Tree;
    if (tree.order > vertices) return;
    for (const rest of forests(trees, i, vertices - tree.order)) yield [tree, ...rest];
  }
}

function makeTree(children: readonly Tree[]): Tree {
  const order = children.reduce((sum, child) => sum + child.order, 1);
  const density = children.reduce((product, child) => product * child.density, order);
  let symmetry = 1;
  let copies = 0;
  children.forEach((child, i) => {
    copies = child === children[i - 1] ? copies + 1 : 1;
    symmetry *= copies * child.symmetry;
  });
  const text = children.length === 0 ? 'τ' : `[${[...children].reverse().join(',')}]`;
  return { order, children, symmetry, density, toString: () => text };
}
