import * as tf from '@tensorflow/tfjs-core';
import { between, type Input, type Operation, positive, real, sizeOf } from '../operation.ts';

type Ranges = (...shape: number[]) => Input;
type Binary = readonly [
  name: string,
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  exact: (a: number, b: number) => number,
  a?: Ranges,
  b?: Ranges,
];

const asNumber = (mask: tf.Tensor) => tf.cast(mask, 'float32');

const functions: readonly Binary[] = [
  ['add', tf.add, (a, b) => a + b],
  ['sub', tf.sub, (a, b) => a - b],
  ['mul', tf.mul, (a, b) => a * b],
  ['div', tf.div, (a, b) => a / b, real, positive],
  ['pow', tf.pow, (a, b) => a ** b, positive, real],
  ['maximum', tf.maximum, Math.max],
  ['minimum', tf.minimum, Math.min],
  ['mod', tf.mod, (a, b) => a - b * Math.floor(a / b), real, positive],
  ['squaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2],
  ['atan2', tf.atan2, Math.atan2, real, positive],
  ['floorDiv', (a, b) => asNumber(tf.floorDiv(a, b)), (a, b) => Math.floor(a / b), real, positive],
  // Comparisons of values that are differentiated elsewhere.
  ['greater', (a, b) => tf.mul(a, asNumber(tf.greater(a, b))), (a, b) => (a > b ? a : 0)],
  ['greaterEqual', (a, b) => tf.mul(b, asNumber(tf.greaterEqual(a, b))), (a, b) => (a >= b ? b : 0)],
  ['less', (a, b) => tf.mul(a, asNumber(tf.less(a, b))), (a, b) => (a < b ? a : 0)],
  ['lessEqual', (a, b) => tf.mul(b, asNumber(tf.lessEqual(a, b))), (a, b) => (a <= b ? b : 0)],
  ['equal', (a, b) => tf.mul(b, asNumber(tf.equal(a, b))), () => 0],
  ['notEqual', (a, b) => tf.mul(b, asNumber(tf.notEqual(a, b))), (_, b) => b],
  [
    'logical',
    (a, b) => {
      const [first, second] = [tf.greater(a, 0.3), tf.less(b, 0.2)];
      const all = tf.logicalAnd(first, tf.logicalNot(second));
      return tf.mul(tf.add(a, b), asNumber(tf.logicalOr(all, tf.logicalXor(first, second))));
    },
    (a, b) => (a > 0.3 !== b < 0.2 ? a + b : 0),
  ],
];

const shapes: readonly (readonly [number[], number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], []],
  [[], [3]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [3, 1, 2],
    [2, 2],
  ],
  [
    [2, 1, 2, 1],
    [2, 1, 3],
  ],
];

// Of many components, as images and biases are.
const large = ['add', 'mul', 'div', 'maximum', 'squaredDifference'];

/** The function of each pair of components, broadcast. */
function broadcast(f: (a: number, b: number) => number, shapeA: readonly number[], shapeB: readonly number[]) {
  const rank = Math.max(shapeA.length, shapeB.length);
  const padded = (shape: readonly number[]) => [...Array<number>(rank - shape.length).fill(1), ...shape];
  const [inA, inB] = [padded(shapeA), padded(shapeB)];
  const out = inA.map((length, axis) => Math.max(length, inB[axis]!));
  const at = (shape: readonly number[], place: readonly number[]) =>
    shape.reduce((index, length, axis) => index * length + (length === 1 ? 0 : place[axis]!), 0);
  return (a: readonly number[], b: readonly number[]): number[] =>
    Array.from({ length: sizeOf(out) }, (_, n) => {
      let rest = n;
      const place = out.map(() => 0);
      for (let axis = rank - 1; axis >= 0; axis--) {
        place[axis] = rest % out[axis]!;
        rest = Math.floor(rest / out[axis]!);
      }
      return f(a[at(inA, place)]!, b[at(inB, place)]!);
    });
}

/** Functions of two tensors that broadcast, and selections. */
export const binary: readonly Operation[] = [
  ...functions.flatMap(([name, f, exact, a = real, b = real]) =>
    [...shapes, ...(large.includes(name) ? [[[4, 67, 9], [9]] as const] : [])].map(([shapeA, shapeB]) => ({
      name: `${name} of [${shapeA}] and [${shapeB}]`,
      inputs: [a(...shapeA), b(...shapeB)],
      f: (x: tf.Tensor, y: tf.Tensor) => f(x, y),
      exact: broadcast(exact, shapeA, shapeB),
    })),
  ),
  {
    name: 'prelu',
    inputs: [real(2, 3), positive(2, 3)],
    f: (x, alpha) => tf.prelu(x, alpha),
    exact: broadcast((x, alpha) => (x > 0 ? x : alpha * x), [2, 3], [2, 3]),
  },
  {
    name: 'prelu, alpha broadcast',
    inputs: [real(2, 2, 3), positive(3)],
    f: (x, alpha) => tf.prelu(x, alpha),
    exact: broadcast((x, alpha) => (x > 0 ? x : alpha * x), [2, 2, 3], [3]),
  },
  {
    name: 'addN',
    inputs: [real(2, 3), real(2, 3), real(2, 3)],
    f: (...xs) => tf.addN(xs),
    exact: (a, b, c) => a!.map((x, n) => x + b![n]! + c![n]!),
  },
  {
    name: 'where',
    inputs: [real(2, 3), real(2, 3)],
    f: (a, b) => tf.where(tf.greater(a, b), tf.square(a), tf.neg(b)),
    exact: broadcast((a, b) => (a > b ? a * a : -b), [2, 3], [2, 3]),
  },
  {
    name: 'where, a row broadcast',
    inputs: [real(2, 3), real(3)],
    f: (a, b) => tf.where(tf.greater(a, 0), a, b),
    exact: broadcast((a, b) => (a > 0 ? a : b), [2, 3], [3]),
  },
  {
    name: 'where of a condition that is a tensor of its own',
    inputs: [real(4), real(4)],
    f: (a, b) => tf.where(tf.tensor1d([true, false, false, true], 'bool'), a, b),
    exact: (a, b) => a!.map((x, n) => (n % 3 === 0 ? x : b![n]!)),
  },
  {
    name: 'maximum with a constant',
    inputs: [between(-1, 1, 2, 5)],
    f: (x) => tf.maximum(x, 0.1),
    exact: (x) => x!.map((x) => Math.max(x, 0.1)),
  },
];
