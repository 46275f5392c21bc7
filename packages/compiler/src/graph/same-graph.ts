import { type Node, nodesOf } from './graph.ts';
import { sameNumbers } from './shapes.ts';

/**
 * The first node of `a` that is computed in another way than its counterpart in `b`; undefined when both lists of results
 * are the same computation. Inputs are compared by identity.
 */
export function firstDifference(a: readonly Node[], b: readonly Node[]): Node | undefined {
  const counterpart = new Map<Node, Node>();
  const nodesA = nodesOf(a);
  const nodesB = nodesOf(b);
  for (const [n, node] of nodesA.entries()) {
    const other = nodesB[n];
    if (!other || !sameOperation(node, other)) return node;
    if (node.inputs.some((input, k) => counterpart.get(input) !== other.inputs[k])) return node;
    counterpart.set(node, other);
  }
  return a.find((node, n) => counterpart.get(node) !== b[n]);
}

/** Whether two nodes do the same, whatever their operands are. */
function sameOperation(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.op === 'input' || a.op !== b.op || a.inputs.length !== b.inputs.length) return false;
  const keys = Object.keys(a) as (keyof Node)[];
  return keys.every((key) => key === 'inputs' || sameAttribute(a[key], b[key]));
}

function sameAttribute(a: unknown, b: unknown): boolean {
  if (a instanceof Float64Array && b instanceof Float64Array) {
    return a.length === b.length && a.every((value, n) => Object.is(value, b[n]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return sameNumbers(a, b);
  return Object.is(a, b);
}
