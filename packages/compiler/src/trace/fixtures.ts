import * as tf from '@tensorflow/tfjs-core';

/** A field to trace, its state and arguments. Made in a function, since the tensors need a backend. */
export interface Example {
  readonly f: (t: tf.Tensor, y: never, args: never) => unknown;
  readonly y: unknown;
  readonly args?: unknown;
}

/** Deterministic numbers between -1 and 1. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A tensor of such numbers. */
export function numbersOf(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(numbers(tf.util.sizeFromShape(shape), seed), shape);
}

/** Fields of the kinds that a compiler should know, by name. */
export const examples: Readonly<Record<string, () => Example>> = {
  spiral() {
    const a = tf.tensor2d([
      [-0.1, 2],
      [-2, -0.1],
    ]);
    return { f: (_t, y: tf.Tensor2D) => tf.matMul(tf.pow(y, 3), a), y: tf.tensor2d([[2, 0]]) };
  },
  mlp() {
    const variable = (shape: number[], seed: number) => tf.variable(tf.mul(numbersOf(shape, seed), 0.3));
    const [w1, b1, w2, b2] = [variable([2, 50], 1), variable([50], 2), variable([50, 2], 3), variable([2], 4)] as const;
    return {
      f: (_t, y: tf.Tensor2D) =>
        tf.add(tf.matMul(tf.tanh(tf.add(tf.matMul(tf.pow(y, 3), w1 as tf.Tensor2D), b1)), w2 as tf.Tensor2D), b2),
      y: tf.tensor2d([[2, 0.5]]),
    };
  },
  lotkaVolterra() {
    return {
      f: (_t, y: tf.Tensor1D, { rates }: { rates: tf.Tensor1D }) => {
        const [prey, predator] = tf.unstack(y) as [tf.Tensor, tf.Tensor];
        const [a, b, c, d] = tf.unstack(rates) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const meetings = tf.mul(prey, predator);
        return tf.stack([
          tf.sub(tf.mul(a, prey), tf.mul(b, meetings)),
          tf.sub(tf.mul(d, meetings), tf.mul(c, predator)),
        ]);
      },
      y: tf.tensor1d([1, 0.5]),
      args: { rates: tf.tensor1d([1.5, 1, 3, 1]) },
    };
  },
  threeBody() {
    const masses = tf.tensor1d([1, 0.9, 1.1]);
    return {
      f: (_t, y: tf.Tensor2D) => {
        const [positions, velocities] = tf.split(y, 2) as [tf.Tensor2D, tf.Tensor2D];
        const apart = tf.sub(tf.expandDims(positions, 0), tf.expandDims(positions, 1));
        const squares = tf.add(tf.sum(tf.square(apart), 2, true), 0.05);
        const weights = tf.div(tf.reshape(masses, [1, 3, 1]), tf.pow(squares, 1.5));
        return tf.concat([velocities, tf.sum(tf.mul(weights, apart), 1)]);
      },
      y: numbersOf([6, 3], 5),
    };
  },
  gru() {
    const [wz, wr, wh] = [1, 2, 3].map((seed) => tf.variable(tf.mul(numbersOf([8, 4], seed), 0.5))) as tf.Tensor2D[];
    const bias = tf.variable(numbersOf([4], 4));
    return {
      f: (t, h: tf.Tensor2D) => {
        const x = tf.mul(tf.onesLike(h), tf.sin(t));
        const joint = tf.concat([x, h], 1);
        const z = tf.sigmoid(tf.add(tf.matMul(joint, wz as tf.Tensor2D), bias));
        const r = tf.sigmoid(tf.matMul(joint, wr as tf.Tensor2D));
        const candidate = tf.tanh(tf.matMul(tf.concat([x, tf.mul(r, h)], 1), wh as tf.Tensor2D));
        return tf.mul(tf.sub(1, z), tf.sub(candidate, h));
      },
      y: numbersOf([3, 4], 6),
    };
  },
  hamiltonian() {
    const energy = (y: tf.Tensor) => {
      const [q, p] = tf.split(y, 2) as [tf.Tensor, tf.Tensor];
      return tf.sum(tf.add(tf.mul(0.5, tf.square(p)), tf.sub(1, tf.cos(q)))) as tf.Scalar;
    };
    return {
      f: (_t, y: tf.Tensor1D) => {
        const [dq, dp] = tf.split(tf.grad(energy)(y), 2) as [tf.Tensor, tf.Tensor];
        return tf.concat([dp, tf.neg(dq)]);
      },
      y: tf.tensor1d([0.3, -0.4, 0.5, 0.1]),
    };
  },
  controlled() {
    const knots = tf.tensor1d([0, 0.5, 1, 1.5]);
    const coefficients = numbersOf([3, 4, 2], 7);
    const w = tf.variable(tf.mul(numbersOf([3, 6], 8), 0.4));
    return {
      f: (t, y: tf.Tensor2D) => {
        const index = tf.cast(tf.clipByValue(tf.floor(tf.div(t, 0.5)), 0, 2), 'int32');
        const piece = tf.gather(coefficients, index);
        const s = tf.sub(t, tf.gather(knots, index));
        const rate = tf.add(tf.slice(piece, 1, 1), tf.mul(tf.slice(piece, 2, 1), tf.mul(2, s)));
        const matrix = tf.reshape(tf.tanh(tf.matMul(y, w as tf.Tensor2D)), [2, 3, 2]);
        return tf.squeeze(tf.matMul(matrix, tf.reshape(tf.tile(rate, [2, 1]), [2, 2, 1])) as tf.Tensor3D, [2]);
      },
      y: numbersOf([2, 3], 9),
    };
  },
};
