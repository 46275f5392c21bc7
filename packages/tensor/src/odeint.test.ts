import { aca } from '@neural-ode/gradient-aca';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5 } from '@neural-ode/tableaux';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start, tensorsLeft } from './fixtures/backends.ts';
import { odeint } from './index.ts';

const solver = explicitRungeKutta(dopri5);
const options = { solver, gradient: aca, rtol: 1e-6, atol: 1e-8 };

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));
  describe.each(['arrays', 'tensors'] as const)('states as %s', (states) => {
    const o = { ...options, states };

    test('solves an exponential', () => {
      const left = tensorsLeft(() => {
        const y0 = tf.tensor1d([1, 2]);
        const y = odeint((_t, y) => tf.neg(y), y0, [0, 1, 2], o);
        expect(y.shape).toEqual([3, 2]);
        const got = y.arraySync() as number[][];
        expect(got[0]).toEqual([1, 2]);
        expect(got[2]?.[1]).toBeCloseTo(2 * Math.exp(-2), 5);
        tf.dispose([y0, y]);
      });
      expect(left).toBe(0);
    });

    test('differentiates an exponential', () => {
      const left = tensorsLeft(() => {
        const y0 = tf.scalar(1.5);
        const w = tf.scalar(-0.7);
        const g = tf.grads((y0: tf.Tensor, w: tf.Tensor) =>
          tf.sum(odeint((_t, y) => tf.mul(w, y), y0, [0, 0.5, 2], o)),
        );
        const [gy, gw] = g([y0, w]) as [tf.Tensor, tf.Tensor];
        const e = (t: number) => Math.exp(-0.7 * t);
        expect(gy.dataSync()[0]).toBeCloseTo(1 + e(0.5) + e(2), 5);
        expect(gw.dataSync()[0]).toBeCloseTo(1.5 * (0.5 * e(0.5) + 2 * e(2)), 5);
        tf.dispose([y0, w, gy, gw]);
      });
      expect(left).toBe(0);
    });
  });
});
