import { binary, matMul, reduce, reshape, transpose } from '../../graph/build.ts';
import { type Node, sizeOf } from '../../graph/graph.ts';
import { CompileError } from '../compile-error.ts';
import { activate } from './elementwise.ts';
import type { Kernels } from './kernel.ts';

/** A node whose axes carry the labels of an Einstein sum. */
interface Labelled {
  readonly node: Node;
  readonly labels: string;
}

/** Brings the axes into the order of `labels`. */
function ordered({ node, labels }: Labelled, wanted: string): Node {
  return transpose(
    node,
    [...wanted].map((label) => labels.indexOf(label)),
  );
}

/** Sums over the axes whose label nobody else needs. */
function summed(x: Labelled, needed: string): Labelled {
  const axes = [...x.labels].flatMap((label, n) => (needed.includes(label) ? [] : [n]));
  return {
    node: reduce('sum', x.node, axes),
    labels: [...x.labels].filter((label) => needed.includes(label)).join(''),
  };
}

/** The product of two nodes, summed over the labels that are not in `needed`, as one matrix product. */
function pair(first: Labelled, second: Labelled, needed: string): Labelled {
  const a = summed(first, second.labels + needed);
  const b = summed(second, first.labels + needed);
  const pick = (labels: string, keep: (label: string) => boolean) => [...labels].filter(keep).join('');
  const shared = (label: string) => a.labels.includes(label) && b.labels.includes(label);
  const batch = pick(a.labels, (label) => shared(label) && needed.includes(label));
  const inner = pick(a.labels, (label) => shared(label) && !needed.includes(label));
  const rows = pick(a.labels, (label) => !shared(label));
  const columns = pick(b.labels, (label) => !shared(label));
  const left = ordered(a, batch + rows + inner);
  const right = ordered(b, batch + inner + columns);
  const firstColumn = batch.length + inner.length;
  const batchShape = left.shape.slice(0, batch.length);
  const rowShape = left.shape.slice(batch.length, left.shape.length - inner.length);
  const innerShape = right.shape.slice(batch.length, firstColumn);
  const columnShape = right.shape.slice(firstColumn);
  const matrix = (node: Node, m: readonly number[], n: readonly number[]) =>
    reshape(node, [...batchShape, sizeOf(m), sizeOf(n)]);
  const product = matMul(matrix(left, rowShape, innerShape), matrix(right, innerShape, columnShape));
  return { node: reshape(product, [...batchShape, ...rowShape, ...columnShape]), labels: batch + rows + columns };
}

function einsum(equation: string, nodes: readonly Node[]): Node {
  const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string];
  const terms = left.split(',');
  if (terms.some((labels) => new Set(labels).size < labels.length) || terms.length !== nodes.length) {
    throw new CompileError(
      'Einsum',
      `tf.einsum('${equation}') cannot be compiled: use each label at most once in a term, or write it with tf.matMul.`,
    );
  }
  const labelled = terms.map((labels, n) => ({ node: nodes[n] as Node, labels }));
  const result = labelled.reduce((sum, next, n) => pair(sum, next, terms.slice(n + 1).join('') + right));
  return ordered(summed(result, right), right);
}

/** Matrix products and Einstein sums. */
export const products: Kernels = {
  BatchMatMul: (call) => {
    const { transposeA, transposeB } = call.attrs;
    const node = matMul(call.input('a').node, call.input('b').node, Boolean(transposeA), Boolean(transposeB));
    return { node, dtype: 'float32' };
  },
  _FusedMatMul: (call) => {
    const { transposeA, transposeB, activation, leakyreluAlpha } = call.attrs;
    const product = matMul(call.input('a').node, call.input('b').node, Boolean(transposeA), Boolean(transposeB));
    const sum = call.has('bias') ? binary('add', product, call.input('bias').node) : product;
    const weights = call.has('preluActivationWeights') ? call.input('preluActivationWeights').node : undefined;
    return { node: activate(sum, activation ?? 'linear', weights, leakyreluAlpha), dtype: 'float32' };
  },
  Einsum: ({ attrs, inputs }) => ({
    node: einsum(
      attrs.equation,
      inputs.map(({ node }) => node),
    ),
    dtype: 'float32',
  }),
};
