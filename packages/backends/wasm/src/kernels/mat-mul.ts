import * as tf from '@tensorflow/tfjs-core';
import { finish, isFinish } from './finish.ts';
import { type Attributes, areFloats, clear, type Inputs, type OwnKernel } from './kernel.ts';
import { equallySpaced, matrix } from './product/matrix.ts';
import { productWriter } from './product/product.ts';
import type { Workspace } from './workspace.ts';

/** a b for the last two axes, either transposed or not; the axes before them broadcast. */
function matMul(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
  workspace: Workspace,
): tf.TensorInfo {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [innerOfB, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  tf.util.assert(
    inner === innerOfB,
    () => `matMul: the inner sizes of ${a.shape} and ${b.shape} differ (transposed: ${transposeA}, ${transposeB}).`,
  );
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const write = productWriter(workspace);
  const output = workspace.output([...outer, rows, columns]);
  if (inner === 0) return clear(workspace, output);
  if (rows === 0 || columns === 0) return output;
  const [fromA, fromB, to] = [a, b, output].map(workspace.address) as [number, number, number];
  const [placesA, placesB] = [places(a.shape, outer), places(b.shape, outer)];
  for (let n = 0; n < tf.util.sizeFromShape(outer); n++) {
    const [atA, atB] = [fromA + 4 * rows * inner * placesA(n), fromB + 4 * inner * columns * placesB(n)];
    write({
      inner,
      columns,
      b: matrix(atB, bColumns, transposeB ? 'outer' : 'inner'),
      parts: [
        {
          rows,
          a: matrix(atA, aColumns, transposeA ? 'inner' : 'outer'),
          write: equallySpaced(to + 4 * rows * columns * n, 4 * columns),
        },
      ],
    });
  }
  return output;
}

/** Which of a tensor's matrices belongs to each of the output's. */
function places(shape: readonly number[], outer: readonly number[]): (n: number) => number {
  const own = shape.slice(0, -2);
  if (tf.util.sizeFromShape(own) === tf.util.sizeFromShape([...outer])) return (n) => n;
  return (n) => {
    let [place, stride, rest] = [0, 1, n];
    for (let axis = 1; axis <= outer.length; axis++) {
      const [size, length] = [own.at(-axis) ?? 1, outer.at(-axis) as number];
      if (size > 1) place += (rest % length) * stride;
      stride *= size;
      rest = Math.floor(rest / length);
    }
    return place;
  };
}

/**
 * Whether tfjs's kernel is as fast: for one product, of matrices as they lie, it calls a library that computes in threads
 * where it has them. With one thread ours is ahead, the more so as the library packs each new matrix b to keep it.
 */
function isLibrarys({ a, b }: Inputs, { transposeA, transposeB }: Attributes, { shared }: Workspace): boolean {
  if (!shared) return false;
  const matrices = Math.max(...[a, b].map((x) => tf.util.sizeFromShape((x as tf.TensorInfo).shape.slice(0, -2))));
  return matrices === 1 && !transposeA && !transposeB;
}

/** Whether they are several matrices so small that tfjs's loops take no longer than packing does. */
function areTiny(a: tf.TensorInfo, b: tf.TensorInfo): boolean {
  const [many, others] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  // tfjs does not broadcast as it should.
  if (many.join() !== others.join() || tf.util.sizeFromShape(many) <= 1) return false;
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  return rows * inner * Math.max(...b.shape.slice(-2)) < tinyProduct;
}

/** Measured: the number of products of two numbers from which on ours is faster. */
const tinyProduct = 1000;

type Activation = (x: tf.Tensor, attributes: Attributes, weights?: tf.TensorInfo) => tf.Tensor;

/** What a layer does with its sums, by other kernels. */
const activations: Readonly<Record<string, Activation>> = {
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
  leakyrelu: (x, { leakyreluAlpha }) => tf.leakyRelu(x, leakyreluAlpha),
  prelu: (x, _, weights) => tf.prelu(x, weights as tf.Tensor),
};

/** Products: tfjs's are slow where they are transposed or several. */
export const products: readonly OwnKernel[] = [
  {
    kernelName: 'BatchMatMul',
    compute(inputs, attributes, workspace) {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      if (!areFloats(a, b) || isLibrarys(inputs, attributes, workspace) || areTiny(a, b)) return undefined;
      return matMul(a, b, attributes, workspace);
    },
  },
  {
    kernelName: '_FusedMatMul',
    compute(inputs, attributes, workspace) {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const { bias, preluActivationWeights } = inputs;
      if (!areFloats(a, b, bias) || isLibrarys(inputs, attributes, workspace)) return undefined;
      const { activation = 'linear' } = attributes;
      const inPlace = isFinish(activation);
      const other = activations[activation];
      const columns = attributes.transposeB ? b.shape.at(-2) : b.shape.at(-1);
      if (!(inPlace || other) || (bias && bias.shape.join() !== `${columns}`)) return undefined;
      const product = matMul(a, b, attributes, workspace);
      finish(workspace, product, bias, inPlace ? activation : 'linear');
      if (inPlace || !other) return product;
      return tf.tidy(() => other(tf.engine().makeTensorFromTensorInfo(product), attributes, preluActivationWeights));
    },
  },
];
