import '@tensorflow/tfjs-backend-cpu';
import { FieldError, type SolveError } from '@neural-ode/core';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, odeintVjp, planMesh, solve } from 'neural-ode';
import { describe, expect, test } from 'vitest';
import { compile } from './index.ts';

await tf.setBackend('cpu');

/** Van der Pol on a batch [samples, 2], its damping as argument. */
const batched = (_t: tf.Scalar, y: tf.Tensor2D, mu: tf.Scalar) => {
  const [y1, y2] = tf.split(y, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return tf.concat([y2, tf.sub(tf.mul(tf.sub(mu, tf.square(y1)), y2), y1)], 1);
};
const one = (_t: tf.Scalar, y: tf.Tensor1D, mu: tf.Scalar) => {
  const [y1, y2] = tf.unstack(y) as [tf.Scalar, tf.Scalar];
  return tf.stack([y2, tf.sub(tf.mul(tf.sub(mu, tf.square(y1)), y2), y1)]);
};
const args = tf.scalar(1);
const own = compile(batched, { example: tf.zeros([7, 2]), args, ownSteps: true });
const alone = compile(one, { example: [2, 0], args });
const starts = Array.from({ length: 9 }, (_, n) => [2 * Math.cos(n), 3 * Math.sin(n)]);
const batch = starts.flat();
const ts = [0, 0.5, 3, 7];

describe('a sample in a batch takes the steps that it takes alone', () => {
  test.each([
    ['dopri5', {}],
    ['bosh3', { rtol: 1e-6, controller: 'pi' }],
    ['dop853', { stops: [1, 2.5], firstStep: 0.01 }],
    ['rk4', { stepSize: 0.05 }],
    ['tsit5', { rtol: 1e-12, atol: 1e-12 }],
  ] as const)('by %s with %o', (solver, options) => {
    const all = solve({ f: own, y0: batch, t0: 0, t1: 7 }, { solver, ...options, saveAt: ts });
    expect(all.samples).toHaveLength(starts.length);
    for (const [n, y0] of starts.entries()) {
      const single = solve({ f: alone, y0, t0: 0, t1: 7 }, { solver, ...options, saveAt: ts });
      expect(all.samples?.[n]?.mesh.ts).toEqual(single.mesh.ts);
      expect(all.samples?.[n]?.stats).toEqual(single.stats);
      expect(all.ys.map((y) => [...y.subarray(2 * n, 2 * n + 2)])).toEqual(single.ys.map((y) => [...y]));
    }
    expect(all.stats.accepted).toBe(all.samples?.reduce((sum, { stats }) => sum + stats.accepted, 0));
  });

  test('more steps than memory holds at a time', () => {
    const options = { solver: 'euler', stepSize: 1e-4 } as const;
    const all = solve({ f: own, y0: batch.slice(0, 6), t0: 0, t1: 2 }, options);
    for (const [n, y0] of starts.slice(0, 3).entries()) {
      const single = solve({ f: alone, y0, t0: 0, t1: 2 }, options);
      expect(all.samples?.[n]?.mesh.ts).toEqual(single.mesh.ts);
      expect([...(all.ys[0] as Float64Array).subarray(2 * n, 2 * n + 2)]).toEqual([...(single.ys[0] as Float64Array)]);
    }
  });

  test('with tolerances for each component, in float32, and backwards', () => {
    const single32 = compile(one, { example: [2, 0], args, dtype: 'float32' });
    const own32 = compile(batched, { example: tf.zeros([1, 2]), args, dtype: 'float32', ownSteps: true });
    const rtol = Float64Array.from(batch, (_, n) => 10 ** -(3 + (n % 3)));
    const all = solve({ f: own32, y0: batch, t0: 7, t1: 6.5 }, { rtol, saveAt: [6.9, 6.5] });
    for (const [n, y0] of starts.entries()) {
      const options = { rtol: rtol.slice(2 * n, 2 * n + 2), saveAt: [6.9, 6.5] };
      expect(all.samples?.[n]?.mesh.ts).toEqual(solve({ f: single32, y0, t0: 7, t1: 6.5 }, options).mesh.ts);
    }
  });

  test.each(['aca', 'direct', 'naive', 'adjoint'] as const)('and has its gradient: %s', (gradient) => {
    const options = { gradient, rtol: 1e-6, atol: 1e-8, warn() {} };
    const all = odeintVjp(own, batch, ts, { ...options, parameters: [1] });
    const cotangents = all.ys.map((y, n) => (n === 1 ? undefined : y.map((value, i) => value + i)));
    const back = all.pullback(cotangents);
    let parameter = 0;
    const times = ts.map(() => 0);
    for (const [n, y0] of starts.entries()) {
      const single = odeintVjp(alone, y0, ts, { ...options, parameters: [1] });
      const part = single.pullback(cotangents.map((y) => y?.subarray(2 * n, 2 * n + 2)));
      expect(all.samples?.[n]?.mesh.ts).toEqual(single.mesh.ts);
      expect(relativeError(back.y0.subarray(2 * n, 2 * n + 2), part.y0)).toBeLessThan(1e-14);
      parameter += part.parameters[0] as number;
      part.ts?.forEach((value, i) => {
        times[i] = (times[i] as number) + value;
      });
    }
    expect(relativeError(back.parameters, [parameter])).toBeLessThan(1e-14);
    expect(relativeError(back.ts as number[], times)).toBeLessThan(1e-14);
  });
});

test('trees of tensors of any batch size are solved and differentiated sample by sample', () => {
  const f = compile(
    (_t: tf.Scalar, { a, b }: { a: tf.Tensor3D; b: tf.Tensor2D }) => ({
      a: tf.neg(tf.mul(a, tf.expandDims(b, 1))),
      b: tf.sin(tf.mean(a, 1)),
    }),
    { example: { a: tf.zeros([1, 2, 3]), b: tf.zeros([1, 3]) }, ownSteps: true },
  );
  const state = (n: number) => ({
    a: tf.sin(tf.add(tf.reshape(tf.range(0, 6), [1, 2, 3]), n)) as tf.Tensor3D,
    b: tf.mul(tf.cos(tf.reshape(tf.range(0, 3), [1, 3])), 1 + 3 * n) as tf.Tensor2D,
  });
  tf.tidy(() => {
    const states = [0, 1, 2].map(state);
    const whole = { a: tf.concat(states.map(({ a }) => a)), b: tf.concat(states.map(({ b }) => b)) };
    const end = (y0: typeof whole) => {
      const ys = odeint(f, y0, [0, 2]);
      return tf.add(tf.sum(tf.slice(ys.a, 1)), tf.sum(tf.square(tf.slice(ys.b, 1)))) as tf.Scalar;
    };
    const gradient = (y0: typeof whole) =>
      tf.grads((a, b) => end({ a: a as tf.Tensor3D, b: b as tf.Tensor2D }))([y0.a, y0.b]);
    const all = gradient(whole);
    const apart = states.map(gradient);
    for (const leaf of [0, 1]) {
      const expected = tf.concat(apart.map((parts) => parts[leaf] as tf.Tensor));
      expect([...(all[leaf] as tf.Tensor).dataSync()]).toEqual([...expected.dataSync()]);
    }
  });
});

describe('what goes wrong names the sample', () => {
  const root = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.neg(tf.sqrt(y)), { example: [1], ownSteps: true });
  const y0 = [9, 16, 0.01, 25];

  test('a failure is thrown with its reason, or leaves the others alone', () => {
    expect(() => solve({ f: root, y0, t0: 0, t1: 2 })).toThrow(/^In sample 2: .*became infinite or NaN at t = 0\.2/);
    const solved = solve({ f: root, y0, t0: 0, t1: 2 }, { throw: false, saveAt: [0, 0.1, 2] });
    expect(solved.status).not.toBe('success');
    expect(solved.failure?.message).toContain('In sample 2: ');
    expect(solved.ys.map((y) => [...y].map(Number.isNaN))).toEqual(
      [false, false, true].map((nan) => [false, false, nan, false]),
    );
    expect(solved.ys[2]?.[1]).toBeCloseTo(9, 3);
    expect(() => odeintVjp(root, y0, [0, 2])).toThrow(/^In sample 2: /);
  });

  test('a field that is not finite at the start', () => {
    expect(() => solve({ f: root, y0: [4, -1], t0: 0, t1: 1 })).toThrow(FieldError);
    expect(() => solve({ f: root, y0: [4, -1], t0: 0, t1: 1 })).toThrow(/^In sample 1: /);
  });

  test('bounds hold for each sample', () => {
    const few = () => solve({ f: own, y0: batch, t0: 0, t1: 7 }, { maxSteps: 20 });
    expect(few).toThrow(expect.objectContaining({ status: 'max-steps' } satisfies Partial<SolveError>));
  });

  test('numbers that are no whole number of samples, modes without a meaning, states without a batch', () => {
    expect(() => solve({ f: own, y0: [1, 2, 3], t0: 0, t1: 1 })).toThrow(/3 numbers/);
    expect(() => solve({ f: own, y0: batch, t0: 0, t1: 1 }, { saveAt: 'dense' })).toThrow(/steps of its own/);
    expect(() => compile(batched, { example: tf.scalar(1), args, ownSteps: true })).toThrow(/no batch/);
    expect(solve({ f: own, y0: [], t0: 0, t1: 1 }).ys).toEqual([new Float64Array(0)]);
  });

  test('a mesh, which the batch has not', async () => {
    const { mesh } = solve({ f: own, y0: batch, t0: 0, t1: 1 });
    expect(() => solve({ f: own, y0: batch, t0: 0, t1: 1 }, { mesh })).toThrow(/mesh/);
    const planned = planMesh(own, tf.zeros([2, 2]) as tf.Tensor2D, [0, 1], { args });
    await expect(planned).rejects.toThrow(/mesh of its own/);
  });

  test('a field that mixes samples', () => {
    const mixing = (_t: tf.Scalar, y: tf.Tensor2D) => tf.sub(tf.mean(y, 0, true), y);
    expect(() => compile(mixing, { example: tf.zeros([4, 2]), ownSteps: true })).toThrow(/mixes the samples/);
    expect(compile(mixing, { example: tf.zeros([4, 2]) }).parameters).toEqual([]);
  });
});
