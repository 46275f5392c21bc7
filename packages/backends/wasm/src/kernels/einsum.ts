import * as tf from '@tensorflow/tfjs-core';
import { areFloats, type OwnKernel } from './kernel.ts';

const { backend_util: util } = tf;

type Labels = readonly number[];

/** A tensor with a label for each of its axes. */
interface Labelled {
  readonly tensor: tf.Tensor;
  readonly labels: Labels;
}

const without = (labels: Labels, others: Labels) => labels.filter((label) => !others.includes(label));
const common = (labels: Labels, others: Labels) => labels.filter((label) => others.includes(label));

/** Sums over axes that are in no other tensor and not in the output. */
function summed({ tensor, labels }: Labelled, kept: Labels): Labelled {
  const gone = without(labels, kept);
  if (gone.length === 0) return { tensor, labels };
  const axes = gone.map((label) => labels.indexOf(label));
  return { tensor: tf.sum(tensor, axes), labels: without(labels, gone) };
}

const ordered = ({ tensor, labels }: Labelled, order: Labels) =>
  tf.transpose(
    tensor,
    order.map((label) => labels.indexOf(label)),
  );

/** The product of two, summed over what they share and `kept` does not have: one product of matrices for each batch. */
function contracted(left: Labelled, right: Labelled, kept: Labels): Labelled {
  const [a, b] = [summed(left, [...right.labels, ...kept]), summed(right, [...left.labels, ...kept])];
  const shared = common(a.labels, b.labels);
  const [batch, inner] = [common(shared, kept), without(shared, kept)];
  const [rows, columns] = [without(a.labels, shared), without(b.labels, shared)];
  const sizes = (of: Labelled, labels: Labels) =>
    labels.map((label) => of.tensor.shape[of.labels.indexOf(label)] as number);
  const product = (of: Labelled, labels: Labels) => sizes(of, labels).reduce((n, size) => n * size, 1);
  const m = tf.reshape(ordered(a, [...batch, ...rows, ...inner]), [
    product(a, batch),
    product(a, rows),
    product(a, inner),
  ]);
  const n = tf.reshape(ordered(b, [...batch, ...inner, ...columns]), [
    product(b, batch),
    product(b, inner),
    product(b, columns),
  ]);
  const shape = [...sizes(a, batch), ...sizes(a, rows), ...sizes(b, columns)];
  return { tensor: tf.reshape(tf.matMul(m, n), shape), labels: [...batch, ...rows, ...columns] };
}

/** Einstein's summation over one or two tensors, which tfjs lacks on wasm. */
export const einsum: OwnKernel = {
  kernelName: 'Einsum',
  compute(inputs, { equation }) {
    const tensors = Object.values(inputs) as tf.Tensor[];
    if (!areFloats(...tensors)) return undefined;
    const { allDims, summedDims, idDims } = util.decodeEinsumEquation(equation, tensors.length);
    util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const output = allDims.map((_, label) => label).filter((label) => !summedDims.includes(label));
    return tf.tidy(() => {
      const [first, second] = tensors.map((tensor, n): Labelled => ({ tensor, labels: idDims[n] as number[] }));
      const all = second ? contracted(first as Labelled, second, output) : summed(first as Labelled, output);
      return ordered(all, output);
    });
  },
};
