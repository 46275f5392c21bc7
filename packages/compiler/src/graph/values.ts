import { type Algebra, elementsOf } from './elements.ts';
import { binaryFunctions, reduceFunctions, unaryFunctions } from './functions.ts';
import { type InputNode, type Node, nodesOf } from './graph.ts';

/**
 * The values of nodes, in float64.
 *
 * @param input element number n of an input
 */
export function valuesOf(
  results: readonly Node[],
  input: (node: InputNode, n: number) => number,
): (readonly number[])[] {
  const numbers: Algebra<number> = {
    input,
    constant: (value) => value,
    unary: (f, a) => unaryFunctions[f](a),
    binary: (f, a, b) => binaryFunctions[f](a, b),
    select: (condition, a, b) => (condition !== 0 ? a : b),
    join(f, operands) {
      const { start, by } = reduceFunctions[f];
      return operands.reduce<number>((joined, next) => binaryFunctions[by](joined, next), start);
    },
    known: (a) => a,
  };
  const values = new Map<Node, readonly number[]>();
  const read = (node: Node) => values.get(node) as readonly number[];
  for (const node of nodesOf(results)) values.set(node, elementsOf(node, node.inputs.map(read), numbers));
  return results.map(read);
}

/** The value of a node that depends on no input. */
export function knownValue(node: Node): Float64Array {
  const [values] = valuesOf([node], ({ role, index }) => {
    throw new RangeError(`The input ${role} ${index} is not known.`);
  });
  return Float64Array.from(values as readonly number[]);
}
