import { binary, broadcast, reduce, reshape, scalar, select, slice, transpose, unary, withInputs } from '../build.ts';
import { type BroadcastNode, type Node, type Shape, sizeOf } from '../graph.ts';
import { broadcastShapes, otherAxes, sameNumbers, withoutLeadingOnes } from '../shapes.ts';
import { as, type Rule } from './rule.ts';

/** A shape with leading axes of size 1 up to a rank. */
const padded = (shape: Shape, rank: number): number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];

/** An operand without what an operation that broadcasts does by itself. */
function stripped(operand: Node): Node {
  let inner = operand;
  for (;;) {
    if (inner.op === 'broadcast') inner = inner.inputs[0];
    else if (inner.op === 'reshape' && onlyLeads(inner.inputs[0].shape, inner.shape)) inner = inner.inputs[0];
    else return inner;
  }
}

/** Whether a reshape from one shape to the other only adds leading axes of size 1. */
function onlyLeads(from: Shape, to: Shape): boolean {
  return from.length <= to.length && sameNumbers(withoutLeadingOnes(from), withoutLeadingOnes(to));
}

function broadcasts(node: Node): node is BroadcastNode {
  return node.op === 'broadcast';
}

/** Elementwise operations are done before their operands are broadcast, and broadcast by themselves. */
export const broadcastLater: Rule = (node) => {
  if (node.op === 'unary') {
    const [x] = node.inputs;
    return broadcasts(x) ? as(unary(node.f, x.inputs[0]), node) : undefined;
  }
  if (node.op !== 'binary' && node.op !== 'select') return undefined;
  const operands = (node.inputs as readonly Node[]).map(stripped);
  if (operands.every((operand, n) => operand === node.inputs[n])) return undefined;
  const shape = operands.reduce<Shape>((sum, operand) => broadcastShapes(sum, operand.shape), []);
  if (sameNumbers(shape, node.shape)) return withInputs(node, operands);
  const [first, second, third] = operands as [Node, Node, Node];
  return as(node.op === 'binary' ? binary(node.f, first, second) : select(first, second, third), node);
};

/** One broadcast in place of several. */
export const mergeBroadcasts: Rule = (node) => {
  if (!broadcasts(node)) return undefined;
  const inner = stripped(node.inputs[0]);
  return inner === node.inputs[0] ? undefined : as(inner, node);
};

/** Elements are moved before they are broadcast. */
export const moveBeforeBroadcast: Rule = (node) => {
  const source = node.inputs[0];
  if (!source || !broadcasts(source) || sizeOf(node.shape) === 0) return undefined;
  const [x] = source.inputs;
  const moves = node.op === 'transpose' || node.op === 'slice' || node.op === 'reshape';
  if (moves && sizeOf(x.shape) === 1) return as(reshape(x, []), node);
  const wide = source.shape;
  const shape = padded(x.shape, wide.length);
  const inner = reshape(x, shape);
  if (node.op === 'transpose') return as(transpose(inner, node.order), node);
  if (node.op === 'slice') {
    const along = <T>(values: readonly T[], otherwise: T) =>
      values.map((value, n) => (shape[n] === 1 ? otherwise : value));
    return as(slice(inner, along(node.begin, 0), along(node.shape, 1), along(node.strides, 1)), node);
  }
  if (node.op !== 'reshape') return undefined;
  // Only axes of size 1 come and go: the others keep their order.
  const kept = wide.flatMap((size, n) => (size === 1 ? [] : [n]));
  const due = node.shape.filter((size) => size !== 1);
  if (
    !sameNumbers(
      due,
      kept.map((n) => wide[n] as number),
    )
  ) {
    return undefined;
  }
  let next = 0;
  const target = node.shape.map((size) => (size === 1 ? 1 : (shape[kept[next++] as number] as number)));
  return as(reshape(x, target), node);
};

/** Along an axis that was broadcast, a sum is a multiple and an extremum the element itself. */
export const reduceBeforeBroadcast: Rule = (node) => {
  if (node.op !== 'reduce' || node.f === 'prod' || !broadcasts(node.inputs[0])) return undefined;
  const [source] = node.inputs;
  const [x] = source.inputs;
  const shape = padded(x.shape, source.shape.length);
  const repeated = node.axes.filter((axis) => shape[axis] === 1);
  if (repeated.length === 0 || sizeOf(source.shape) === 0) return undefined;
  const rest = node.axes.filter((axis) => shape[axis] !== 1);
  const inner = reduce(node.f, reshape(x, shape), rest);
  const kept = otherAxes(shape.length, node.axes).map((axis) => shape[axis] as number);
  const count = sizeOf(repeated.map((axis) => source.shape[axis] as number));
  const once = broadcast(reshape(inner, kept), node.shape);
  return node.f === 'sum' && count !== 1 ? binary('mul', once, scalar(count)) : once;
};

/** A matrix product broadcasts its leading axes by itself. */
export const matMulBroadcasts: Rule = (node) => {
  if (node.op !== 'matMul') return undefined;
  const [a, b] = node.inputs.map((operand) => {
    if (!broadcasts(operand)) return operand;
    const [x] = operand.inputs;
    return x.shape.length >= 2 && sameNumbers(x.shape.slice(-2), operand.shape.slice(-2)) ? x : operand;
  }) as [Node, Node];
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (!sameNumbers(batch, node.shape.slice(0, -2))) return undefined;
  const next = withInputs(node, [a, b]);
  return next === node ? undefined : next;
};
