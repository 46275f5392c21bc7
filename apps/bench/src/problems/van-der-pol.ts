import * as tf from '@tensorflow/tfjs-core';
import type { ArrayFunction } from 'neural-ode';
import type { SolveProblem } from './solve-problem.ts';

/** x' = v, v' = (1 - x^2) v - x. */
function vanDerPolField(): ArrayFunction {
  const slope = new Float64Array(2);
  return (_t, y) => {
    const x = y[0] as number;
    const v = y[1] as number;
    slope[0] = v;
    slope[1] = (1 - x * x) * v - x;
    return slope;
  };
}

/** The van der Pol equation on [0, 10] from points at equal distances on a circle of radius 2, the first being (2, 0). */
export function vanDerPol(count: number): SolveProblem {
  return {
    f: vanDerPolField(),
    tensorField(_t, y) {
      const [x, v] = tf.unstack(y, -1) as [tf.Tensor, tf.Tensor];
      return tf.stack([v, tf.sub(tf.mul(tf.sub(1, tf.square(x)), v), x)], -1);
    },
    starts: Array.from({ length: count }, (_, n) => {
      const angle = (2 * Math.PI * n) / count;
      return [2 * Math.cos(angle), n === 0 ? 0 : 2 * Math.sin(angle)];
    }),
    t0: 0,
    t1: 10,
    rtol: 1e-5,
    atol: 1e-5,
  };
}
