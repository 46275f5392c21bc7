import { SolveError } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5 } from '@neural-ode/tableaux';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start } from './fixtures/backends.ts';
import { odeint, planMesh, solve, solveAsync } from './index.ts';

const solver = explicitRungeKutta(dopri5);
const numbers = (tensor: tf.Tensor | undefined) => [...(tensor as tf.Tensor).dataSync()];

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));

  describe.each(['arrays', 'tensors'] as const)('states as %s', (states) => {
    const o = { solver, rtol: 1e-6, atol: 1e-8, states } as const;
    const f = (_t: tf.Scalar, { x, v }: { x: tf.Tensor; v: tf.Tensor }) => ({ x: v, v: tf.neg(x) });
    const problem = () => ({ f, y0: { x: tf.scalar(1), v: tf.scalar(0) }, t0: 0, t1: 2 });

    test('saves the end, times, steps or a dense output, and disposes', () => {
      const before = tf.memory().numTensors;
      const p = problem();
      const end = solve(p, o);
      expect(end.ts).toEqual([2]);
      expect(numbers(end.ys[0]?.x)[0]).toBeCloseTo(Math.cos(2), 5);
      expect(end.stats.accepted).toBe(end.mesh.ts.length - 1);

      const times = solve(p, { ...o, saveAt: [0.5, 1.5] });
      expect(numbers(times.ys[1]?.v)[0]).toBeCloseTo(-Math.sin(1.5), 4);

      const steps = solve(p, { ...o, saveAt: 'steps', mesh: end.mesh });
      expect(steps.ts).toEqual(end.mesh.ts);

      const dense = solve(p, { ...o, saveAt: 'dense' });
      const at = dense.dense?.(0.7);
      expect(numbers(at?.x)[0]).toBeCloseTo(Math.cos(0.7), 4);
      tf.dispose(at);

      for (const solution of [end, times, steps, dense]) solution.dispose();
      tf.dispose([p.y0.x, p.y0.v]);
      expect(tf.memory().numTensors).toBe(before);
    });

    test('gives a failure as data on request, and keeps nothing when it throws', async () => {
      const before = tf.memory().numTensors;
      const p = { f: (_t: tf.Scalar, y: tf.Tensor) => tf.square(y), y0: tf.scalar(1), t0: 0, t1: 2 };
      const part = solve(p, { ...o, throw: false, saveAt: [0.5, 1.5] });
      expect(part.status).not.toBe('success');
      expect(part.ts).toEqual([0.5]);
      expect(numbers(part.ys[0])[0]).toBeCloseTo(2, 3);
      part.dispose();
      expect(() => solve(p, o)).toThrow(SolveError);
      await expect(solveAsync(p, o)).rejects.toThrow(SolveError);
      p.y0.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test('a mesh planned asynchronously is replayed under the tape', async () => {
      const y0 = tf.scalar(0.5);
      const w = tf.scalar(1);
      const field = (_t: tf.Scalar, y: tf.Tensor) => tf.sin(tf.mul(w, y));
      const mesh = await planMesh(field, y0, [0, 1], o);
      let rejected = -1;
      const loss = (mesh?: { ts: readonly number[] }) => (w: tf.Tensor) =>
        tf.sum(
          odeint((_t, y) => tf.sin(tf.mul(w, y)), y0, [0, 1], {
            ...o,
            mesh,
            gradient: aca,
            onForward: (stats) => {
              rejected = stats.rejected;
            },
          }),
        );
      const planned = tf.grad(loss(mesh))(w);
      expect(rejected).toBe(0);
      const searched = tf.grad(loss())(w);
      expect(numbers(planned)).toEqual(numbers(searched));
      tf.dispose([y0, w, planned, searched]);
    });
  });
});
