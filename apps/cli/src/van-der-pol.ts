import { compile } from '@neural-ode/compiler';
import * as tf from '@tensorflow/tfjs-core';
import type { ArrayFunction, ArrayVjp } from 'neural-ode';
import type { PlainField } from './plain-field.ts';

/** y1' = y2, y2' = (mu - y1^2) y2 - y1 from (2, 0) to T = 20, where the loss is |y(T)|^2. */
export const vanDerPol: {
  readonly f: ArrayFunction;
  readonly vjp: ArrayVjp;
  readonly y0: readonly number[];
  readonly ts: readonly [number, number];
  readonly parameters: readonly number[];
} = {
  f: (_t, [y1 = 0, y2 = 0], [mu = 0]) => [y2, (mu - y1 ** 2) * y2 - y1],
  vjp: (_t, [y1 = 0, y2 = 0], [v1 = 0, v2 = 0], [mu = 0]) => ({
    y: [v2 * (-2 * y1 * y2 - 1), v1 + v2 * (mu - y1 ** 2)],
    p: [v2 * y2],
  }),
  y0: [2, 0],
  ts: [0, 20],
  parameters: [0.15],
};

/** The same field compiled from tensors: in double precision, with its vector-Jacobian product. */
export function compiledVanDerPol(): PlainField {
  const args = tf.scalar(vanDerPol.parameters[0] as number);
  const f = (_t: tf.Scalar, y: tf.Tensor1D, mu: tf.Scalar) => {
    const [y1, y2] = tf.unstack(y) as [tf.Scalar, tf.Scalar];
    return tf.stack([y2, tf.sub(tf.mul(tf.sub(mu, tf.square(y1)), y2), y1)]);
  };
  try {
    return { f: compile(f, { example: vanDerPol.y0, args }) };
  } finally {
    args.dispose();
  }
}
