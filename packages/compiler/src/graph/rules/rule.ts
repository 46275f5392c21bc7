import { broadcast } from '../build.ts';
import type { Node } from '../graph.ts';

/**
 * A better way to compute a node, or undefined when the rule knows none. The operands of the node are simplified already;
 * the result must have the node's shape, and is simplified again.
 */
export type Rule = (node: Node) => Node | undefined;

/** The number that a node is everywhere, if it is known. */
export function scalarOf(node: Node): number | undefined {
  const inner = node.op === 'broadcast' ? node.inputs[0] : node;
  return inner.op === 'constant' && inner.values.length === 1 ? inner.values[0] : undefined;
}

/** Whether all values of a node are known. */
export function isKnown(node: Node): boolean {
  return node.op === 'constant' || (node.op === 'broadcast' && node.inputs[0].op === 'constant');
}

/** Whether a node can only be 0 or 1. */
export function isTruth(node: Node, depth = 4): boolean {
  const value = scalarOf(node);
  if (value !== undefined) return value === 0 || value === 1;
  if (node.op === 'binary') {
    if (['equal', 'notEqual', 'less', 'lessEqual'].includes(node.f)) return true;
    const [a, b] = node.inputs;
    if (depth === 0) return false;
    if (['mul', 'max', 'min'].includes(node.f)) return isTruth(a, depth - 1) && isTruth(b, depth - 1);
    return node.f === 'sub' && scalarOf(a) === 1 && isTruth(b, depth - 1);
  }
  const moves = node.op === 'broadcast' || node.op === 'reshape' || node.op === 'transpose' || node.op === 'slice';
  return moves && depth > 0 && isTruth(node.inputs[0], depth - 1);
}

/** An operand that is the result, given the shape of the node that it stands for. */
export function as(operand: Node, node: Node): Node {
  return broadcast(operand, node.shape);
}
