import * as tf from '@tensorflow/tfjs-core';
import { type Attributes, areFloats, clear, type Inputs, type OwnKernel } from './kernel.ts';
import { equallySpaced, matrix } from './product/matrix.ts';
import { writeProducts } from './product/product.ts';
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
  const output = workspace.output([...outer, rows, columns]);
  if (inner === 0) return clear(workspace, output);
  if (rows === 0 || columns === 0) return output;
  const [fromA, fromB, to] = [a, b, output].map(workspace.address) as [number, number, number];
  const [placesA, placesB] = [places(a.shape, outer), places(b.shape, outer)];
  for (let n = 0; n < tf.util.sizeFromShape(outer); n++) {
    const [atA, atB] = [fromA + 4 * rows * inner * placesA(n), fromB + 4 * inner * columns * placesB(n)];
    writeProducts(workspace, {
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

/** Whether tfjs's kernel calls its fast library: for one product, of matrices as they lie. */
function isPlain({ a, b }: Inputs, { transposeA, transposeB }: Attributes): boolean {
  const matrices = Math.max(...[a, b].map((x) => tf.util.sizeFromShape((x as tf.TensorInfo).shape.slice(0, -2))));
  return matrices === 1 && !transposeA && !transposeB;
}

/** What a layer does with its sums. */
function activate(x: tf.Tensor, { activation, leakyreluAlpha }: Attributes, weights?: tf.TensorInfo): tf.Tensor {
  switch (activation) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'elu':
      return tf.elu(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'leakyrelu':
      return tf.leakyRelu(x, leakyreluAlpha);
    case 'prelu':
      return tf.prelu(x, weights as tf.Tensor);
    default:
      return x;
  }
}

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'];

/** Products: tfjs's are slow where they are transposed or several. */
export const products: readonly OwnKernel[] = [
  {
    kernelName: 'BatchMatMul',
    compute(inputs, attributes, workspace) {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      if (!areFloats(a, b) || isPlain(inputs, attributes)) return undefined;
      return matMul(a, b, attributes, workspace);
    },
  },
  {
    kernelName: '_FusedMatMul',
    compute(inputs, attributes, workspace) {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const { bias, preluActivationWeights } = inputs;
      if (!areFloats(a, b, bias) || isPlain(inputs, attributes)) return undefined;
      if (!activations.includes(attributes.activation ?? 'linear')) return undefined;
      return tf.tidy(() => {
        const product = tf.engine().makeTensorFromTensorInfo(matMul(a, b, attributes, workspace));
        const sum = bias ? tf.add(product, bias as tf.Tensor) : product;
        return activate(sum, attributes, preluActivationWeights);
      });
    },
  },
];
