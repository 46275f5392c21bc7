import '@tensorflow/tfjs-backend-cpu';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeintVjp } from 'neural-ode';
import { describe, expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { fieldPairs } from './fields.ts';
import { arraysOf } from './scalar-tape.ts';

await tf.setBackend('cpu');

describe.each(Object.entries(fieldPairs))('%s', (_name, { tensors, scalars, y0, parameters, t1, kinks }) => {
  const byHand = arraysOf(scalars);
  const args = tf.tensor1d([...parameters]);
  const compiled = {
    float64: compile(tensors, { example: y0, args, dtype: 'float64', relaxedSimd: false }),
    float32: compile(tensors, { example: y0, args, dtype: 'float32', relaxedSimd: false }),
  };
  const fixed = { solver: 'rk4', stepSize: t1 / 64 } as const;
  const ts = [0, 0.3 * t1, t1];
  const bars = ts.map((_t, n) => y0.map((_y, i) => Math.cos(3 * n + i)));

  test.each(['aca', 'direct', 'naive', 'adjoint'] as const)(
    'float64 has the solution and gradients of the field by hand, %s',
    (gradient) => {
      const options = { parameters, gradient, ...(kinks ? fixed : { rtol: 1e-9, atol: 1e-12 }) };
      const own = odeintVjp(compiled.float64, y0, ts, options);
      const due = odeintVjp(byHand.f, y0, ts, { ...options, vjp: byHand.vjp });
      expect(own.stats).toEqual(due.stats);
      own.ys.forEach((y, n) => {
        expect(relativeError(y, due.ys[n]!)).toBeLessThan(1e-10);
      });
      const [back, expected] = [own.pullback(bars), due.pullback(bars)];
      expect(relativeError(back.y0, expected.y0)).toBeLessThan(1e-10);
      expect(relativeError(back.parameters, expected.parameters)).toBeLessThan(1e-10);
      expect(relativeError(back.ts!, expected.ts!)).toBeLessThan(1e-10);
    },
  );

  // Fixed steps, for a rounding decides how large a chosen step is.
  test.each(['aca', 'adjoint'] as const)('float32 has them to its rounding, %s', (gradient) => {
    const options = { parameters, gradient, ...fixed };
    const own = odeintVjp(compiled.float32, y0, ts, options);
    const due = odeintVjp(byHand.f, y0, ts, { ...options, vjp: byHand.vjp });
    expect(relativeError(own.ys[2]!, due.ys[2]!)).toBeLessThan(2e-5);
    const [back, expected] = [own.pullback(bars), due.pullback(bars)];
    expect(relativeError(back.y0, expected.y0)).toBeLessThan(1e-4);
    expect(relativeError(back.parameters, expected.parameters)).toBeLessThan(1e-4);
  });

  test('float32 slopes and their products are those of eager tfjs', () => {
    const t = Math.fround(0.4 * t1);
    const y = Float64Array.from(y0, Math.fround);
    const p = Float64Array.from(parameters, Math.fround);
    const bar = Float64Array.from(bars[1] as number[], Math.fround);
    const field = compiled.float32.field(p);
    const eager = (time: tf.Tensor, state: tf.Tensor, given: tf.Tensor) =>
      tensors(time as tf.Scalar, state as tf.Tensor1D, given as tf.Tensor1D);
    tf.tidy(() => {
      const inputs = [tf.scalar(t), tf.tensor1d(Float32Array.from(y)), tf.tensor1d(Float32Array.from(p))] as const;
      expect(relativeError(field.evaluate(t, y), eager(...inputs).dataSync())).toBeLessThan(2e-6);
      const back = field.vjp(t, y, bar, true);
      const hand = byHand.vjp(t, y, bar, p);
      expect(relativeError(back.y, hand.y)).toBeLessThan(5e-6);
      expect(relativeError(back.parameters, hand.p)).toBeLessThan(5e-6);
      expect(Math.abs(back.t - hand.t)).toBeLessThan(5e-6 * (1 + Math.abs(hand.t)));
    });
  });
});
