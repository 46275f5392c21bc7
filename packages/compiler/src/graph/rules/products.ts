import { binary, matMul, matMulSizes, reduce, reshape, transpose, unary } from '../build.ts';
import type { Node } from '../graph.ts';
import { otherAxes } from '../shapes.ts';
import { as, type Rule, scalarOf } from './rule.ts';

/** The operand of a node that only exchanges the last two axes. */
function swapped(node: Node): Node | undefined {
  if (node.op !== 'transpose') return undefined;
  const rank = node.shape.length;
  const swaps = node.order.every((axis, n) => axis === (n < rank - 2 ? n : 2 * rank - 3 - n));
  return swaps ? node.inputs[0] : undefined;
}

/** Transposed operands become flags; a product over one element, a plain one; signs move out. */
export const simplifyMatMul: Rule = (node) => {
  if (node.op !== 'matMul') return undefined;
  const [a, b] = node.inputs;
  const { transposeA, transposeB } = node;
  const swappedA = swapped(a);
  const swappedB = swapped(b);
  if (swappedA || swappedB) {
    return matMul(swappedA ?? a, swappedB ?? b, transposeA !== Boolean(swappedA), transposeB !== Boolean(swappedB));
  }
  if (a.op === 'unary' && a.f === 'neg') return unary('neg', matMul(a.inputs[0], b, transposeA, transposeB));
  if (b.op === 'unary' && b.f === 'neg') return unary('neg', matMul(a, b.inputs[0], transposeA, transposeB));
  const { rows, inner, columns } = matMulSizes(a, b, transposeA, transposeB);
  if (inner !== 1) return undefined;
  const left = reshape(a, [...a.shape.slice(0, -2), rows, 1]);
  const right = reshape(b, [...b.shape.slice(0, -2), 1, columns]);
  return binary('mul', left, right);
};

/** The axes of `from` that become the given axes of `to`, when a reshape only adds and drops axes of size 1. */
function axesBefore(from: readonly number[], to: readonly number[], axes: readonly number[]): number[] | undefined {
  const real = (shape: readonly number[]) => shape.flatMap((size, n) => (size === 1 ? [] : [n]));
  const before = real(from);
  const after = real(to);
  if (before.length !== after.length || before.some((axis, n) => from[axis] !== to[after[n] as number]))
    return undefined;
  return axes.map((axis) => before[after.indexOf(axis)] as number);
}

/** Sums of sums, over axes of size 1, of multiples. */
export const simplifyReduce: Rule = (node) => {
  if (node.op !== 'reduce') return undefined;
  const [x] = node.inputs;
  const { f, axes } = node;
  const real = axes.filter((axis) => x.shape[axis] !== 1);
  if (real.length < axes.length) {
    const dropped = axes.filter((axis) => x.shape[axis] === 1);
    const kept = otherAxes(x.shape.length, dropped);
    const inner = reshape(
      x,
      kept.map((axis) => x.shape[axis] as number),
    );
    return reduce(
      f,
      inner,
      real.map((axis) => kept.indexOf(axis)),
    );
  }
  if (x.op === 'reshape') {
    const before = axesBefore(x.inputs[0].shape, x.shape, axes);
    return before && reshape(reduce(f, x.inputs[0], before), node.shape);
  }
  if (x.op === 'reduce' && x.f === f) {
    const left = otherAxes(x.inputs[0].shape.length, x.axes);
    return reduce(f, x.inputs[0], [...x.axes, ...axes.map((axis) => left[axis] as number)]);
  }
  if (f !== 'sum') return undefined;
  if (x.op === 'transpose') {
    const before = axes.map((axis) => x.order[axis] as number);
    const left = otherAxes(x.order.length, before);
    const order = x.order.filter((axis) => !before.includes(axis)).map((axis) => left.indexOf(axis));
    return transpose(reduce('sum', x.inputs[0], before), order);
  }
  if (x.op === 'unary' && x.f === 'neg') return unary('neg', reduce('sum', x.inputs[0], axes));
  if (x.op !== 'binary' || (x.f !== 'mul' && x.f !== 'div') || scalarOf(x.inputs[1]) === undefined) return undefined;
  return as(binary(x.f, reduce('sum', x.inputs[0], axes), x.inputs[1]), node);
};
