import * as tf from '@tensorflow/tfjs-core';
import { between, type Operation, real, sizeOf } from '../operation.ts';

interface Product {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** A matrix product, batches broadcast, term by term. */
function multiplied({ a: shapeA, b: shapeB, transposeA, transposeB }: Product) {
  const [batchA, batchB] = [shapeA.slice(0, -2), shapeB.slice(0, -2)];
  const [rowsA, columnsA, rowsB, columnsB] = [...shapeA.slice(-2), ...shapeB.slice(-2)] as [
    number,
    number,
    number,
    number,
  ];
  const [m, inner, n] = [transposeA ? columnsA : rowsA, transposeA ? rowsA : columnsA, transposeB ? rowsB : columnsB];
  const rank = Math.max(batchA.length, batchB.length);
  const wide = (batch: readonly number[]) => [...Array<number>(rank - batch.length).fill(1), ...batch];
  const [inA, inB] = [wide(batchA), wide(batchB)];
  const batch = inA.map((length, axis) => Math.max(length, inB[axis]!));
  const matrix = (shape: readonly number[], index: number) => {
    let [rest, stride, at] = [index, 1, 0];
    for (let axis = rank - 1; axis >= 0; axis--) {
      at += (shape[axis] === 1 ? 0 : rest % batch[axis]!) * stride;
      rest = Math.floor(rest / batch[axis]!);
      stride *= shape[axis]!;
    }
    return at;
  };
  return (a: readonly number[], b: readonly number[]): number[] =>
    Array.from({ length: sizeOf(batch) * m * n }, (_, index) => {
      const [row, column] = [Math.floor(index / n) % m, index % n];
      const [offsetA, offsetB] = [inA, inB].map((shape) => matrix(shape, Math.floor(index / (m * n))));
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        const left = offsetA! * m * inner + (transposeA ? k * m + row : row * inner + k);
        const right = offsetB! * inner * n + (transposeB ? column * inner + k : k * n + column);
        sum += a[left]! * b[right]!;
      }
      return sum;
    });
}

const sizes: readonly (readonly [number, number, number])[] = [
  [2, 3, 4],
  [1, 5, 1],
  [4, 1, 3],
];
// Not batches that broadcast in part, as of [2, 1] and [2, 3], where the kernels of tfjs are wrong.
const batches: readonly (readonly [number[], number[]])[] = [
  [[], []],
  [[3], [3]],
  [[1], [3]],
  [[2], []],
  [[], [2]],
];

const matMuls: readonly Operation[] = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) =>
    batches.flatMap(([batchA, batchB]) =>
      (batchA.length + batchB.length === 0 ? sizes : sizes.slice(0, 1)).map(([m, k, n]) => {
        const a = [...batchA, ...(transposeA ? [k, m] : [m, k])];
        const b = [...batchB, ...(transposeB ? [n, k] : [k, n])];
        return {
          name: `matMul of [${a}]${transposeA ? "'" : ''} and [${b}]${transposeB ? "'" : ''}`,
          inputs: [real(...a), real(...b)],
          f: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB),
          exact: multiplied({ a, b, transposeA, transposeB }),
        };
      }),
    ),
  ),
);

// Large enough for kernels and gradients that treat large matrices otherwise; differentiated by the side of a few numbers.
const large: readonly Operation[] = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({
    name: `matMul of 40 by 40, ${transposeA ? 'transposed' : 'plain'} and ${transposeB ? 'transposed' : 'plain'}`,
    inputs: [real(4), real(4)],
    f(x: tf.Tensor, y: tf.Tensor) {
      const wave = (phase: number) => tf.reshape(tf.sin(tf.add(tf.range(0, 1600), phase)), [40, 40]);
      const mixed = (c: tf.Tensor, phase: number) =>
        tf.addN(tf.unstack(c).map((factor, n) => tf.mul(wave(n + phase), factor)));
      return tf.mul(tf.matMul(mixed(x, 0), mixed(y, 5), transposeA, transposeB), 0.05);
    },
  })),
);

const fused: readonly Operation[] = (['linear', 'relu', 'elu', 'relu6', 'sigmoid'] as const).map((activation) => ({
  name: `fused.matMul with ${activation}`,
  inputs: [real(3, 2), real(2, 4), real(4)],
  f: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation }),
}));

const equations: readonly (readonly [string, ...number[][]])[] = [
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['bij,bjk->bik', [2, 2, 3], [2, 3, 2]],
  ['bhqd,bhkd->bhqk', [1, 2, 3, 2], [1, 2, 4, 2]],
  ['ij,j->i', [2, 3], [3]],
  ['i,j->ij', [3], [2]],
  ['ij,ij->', [2, 3], [2, 3]],
  ['ij->ji', [2, 3]],
  ['ij->j', [2, 3]],
  ['abc,cd->abd', [2, 2, 3], [3, 2]],
];

/** Products of matrices and of more. */
export const products: readonly Operation[] = [
  ...matMuls,
  ...large,
  ...fused,
  {
    name: 'fused.matMul without bias',
    inputs: [real(3, 2), real(4, 2)],
    f: (a, b) => tf.fused.matMul({ a, b, transposeB: true, activation: 'relu' }),
  },
  {
    name: 'fused.matMul of a transposed operand',
    inputs: [real(2, 3), real(2, 4), real(4)],
    f: (a, b, bias) => tf.fused.matMul({ a, b, bias, transposeA: true }),
  },
  { name: 'dot', inputs: [real(5), real(5)], f: (a, b) => tf.dot(a, b), exact: (a, b) => [sumOf(a!, b!)] },
  { name: 'outerProduct', inputs: [real(3), real(2)], f: (a, b) => tf.outerProduct(a, b) },
  ...equations.map(([equation, ...shapes]) => ({
    name: `einsum ${equation}`,
    inputs: shapes.map((shape) => real(...shape)),
    f: (...xs: tf.Tensor[]) => tf.einsum(equation, ...xs),
  })),
  {
    name: 'a product with a variable read twice',
    inputs: [between(-1, 1, 3, 3)],
    f: (x) => tf.matMul(x, tf.matMul(x, x, true, false)),
  },
];

function sumOf(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, n) => sum + value * b[n]!, 0);
}
