import { FieldError, InvalidInputError, SolveError } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5, rk4 } from '@neural-ode/tableaux';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start, tensorsLeft } from './fixtures/backends.ts';
import { odeint, SecondOrderError } from './index.ts';

const solver = explicitRungeKutta(dopri5);
const numbers = (tensor: tf.Tensor | undefined) => [...(tensor as tf.Tensor).dataSync()];

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));

  describe.each(['arrays', 'tensors'] as const)('states as %s', (states) => {
    const o = { solver, gradient: aca, rtol: 1e-6, atol: 1e-8, states } as const;

    test('disposes all it made when f fails, forwards or backwards', () => {
      const y0 = tf.scalar(1);
      const failing = (calls: number) => () => {
        let n = 0;
        return tf.tidy(() =>
          tf.grad((y0) =>
            tf.sum(
              odeint(
                (_t, y) => {
                  if (n++ >= calls) throw new Error('no');
                  return tf.neg(tf.tanh(y));
                },
                y0,
                [0, 1],
                { ...o, stepSize: 0.5, solver: explicitRungeKutta(rk4) },
              ),
            ),
          )(y0),
        );
      };
      // The probe and the eight stages of two steps come before the backward pass.
      for (const calls of [0, 4, 11]) expect(tensorsLeft(() => expect(failing(calls)).toThrow('no'))).toBe(0);
      y0.dispose();
    });

    test('refuses a slope of another shape, dtype or structure, by name', () => {
      const y0 = { a: tf.tensor1d([1, 2]), b: [tf.scalar(0)] };
      const refuses = (f: (t: tf.Scalar, y: typeof y0) => unknown, message: RegExp) => {
        for (const run of [
          () => odeint(f as never, y0, [0, 1], o),
          () => tf.grad((a) => tf.sum(odeint(f as never, { ...y0, a: a as tf.Tensor1D }, [0, 1], o).a))(y0.a),
        ]) {
          const left = tensorsLeft(() => {
            const call = () => tf.tidy(run as () => tf.Tensor);
            expect(call).toThrow(FieldError);
            expect(call).toThrow(message);
          });
          expect(left).toBe(0);
        }
      };
      refuses((_t, { a }) => ({ a, b: [tf.zeros([2])] }), /at t = 0: slope\.b\[0\] has shape \[2\] where \[\] is due/);
      refuses((_t, { a }) => ({ a, b: [tf.scalar(1, 'int32')] }), /slope\.b\[0\] has dtype int32/);
      refuses((_t, { a }) => ({ a, b: a }), /slope\.b is a tensor of shape \[2\] where an array of length 1 is due/);
      refuses((_t, { a }) => ({ a }), /slope is a record with the keys a where a record with the keys a, b is due/);
      refuses(() => undefined, /slope is undefined/);
      refuses(async (_t, y) => y, /slope is a promise/);
      tf.dispose(y0);
    });

    test('names an operation without a gradient, and what to do', () => {
      const left = tensorsLeft(() =>
        tf.tidy(() => {
          const f = (_t: tf.Scalar, y: tf.Tensor) =>
            tf.reshape(tf.image.flipLeftRight(tf.reshape(y, [1, 1, 2, 1]) as tf.Tensor4D), [2]);
          const run = () => tf.grad((y) => tf.sum(odeint(f, y, [0, 1], o)))(tf.tensor1d([1, 2]));
          expect(run).toThrow(FieldError);
          expect(run).toThrow(
            /uses the operation FlipLeftRight, which has no gradient: give it one by tf\.registerGradient/,
          );
        }),
      );
      expect(left).toBe(0);
    });

    test('tells a state that blows up', () => {
      const left = tensorsLeft(() =>
        tf.tidy(() => {
          const run = () => odeint((_t, y) => tf.square(y), tf.scalar(1), [0, 2], o);
          expect(run).toThrow(SolveError);
          const late = () => odeint((_t, y) => tf.log(tf.sub(y, 2)), tf.scalar(1), [0, 2], o);
          expect(late).toThrow(/infinite or NaN at the start/);
        }),
      );
      expect(left).toBe(0);
    });

    test('refuses what would be silently zero', () => {
      const w = tf.variable(tf.scalar(1), true, 'late weight');
      const y0 = tf.scalar(1);
      const early = tf.variable(tf.scalar(1));
      const late = (t: tf.Scalar, y: tf.Tensor) => tf.mul(numbers(t)[0] === 0 ? early : w, y);
      const left = tensorsLeft(() =>
        tf.tidy(() => {
          const run = () => tf.variableGrads(() => tf.sum(odeint(late, y0, [0, 1], o)) as tf.Scalar);
          expect(run).toThrow(FieldError);
          expect(run).toThrow(/reads the variable 'late weight' at t = .* but did not at the start/);
          const second = () => tf.grad(tf.grad((y0) => tf.sum(odeint((_t, y) => tf.square(y), y0, [0, 0.5], o))))(y0);
          expect(second).toThrow(SecondOrderError);
        }),
      );
      expect(left).toBe(0);
      tf.dispose([w, early, y0]);
    });
  });

  test('warns, with the number, of what float32 cannot do', () => {
    tf.tidy(() => {
      const said: string[] = [];
      const o = { solver, warn: (message: string) => said.push(message) };
      const y0 = tf.scalar(1);
      odeint((_t, y) => tf.neg(y), y0, [0, 1], { ...o, rtol: 1e-9 });
      expect(said.splice(0)).toEqual([expect.stringMatching(/^rtol is 1e-9/)]);
      odeint((t, y) => tf.add(y, t), y0, [1e6, 1e6 + 1], { ...o, stepSize: 0.25 });
      expect(said.splice(0)).toEqual([expect.stringMatching(/^f receives t as a float32 scalar, .*24 % of the step/)]);
      odeint((_t, y) => tf.neg(y), y0, [1e6, 1e6 + 1], { ...o, stepSize: 0.25 });
      expect(said).toEqual([]);
    });
  });

  test('refuses unusable input, by name', () => {
    tf.tidy(() => {
      const o = { solver };
      const f = (_t: tf.Scalar, y: tf.Tensor) => y;
      const one = tf.scalar(1);
      expect(() => odeint(f, tf.scalar(1, 'int32'), [0, 1], o)).toThrow(/y0 has dtype int32/);
      expect(() => odeint(f as never, { a: [3] } as never, [0, 1], o)).toThrow(/y0\.a\[0\] is a number/);
      expect(() => odeint(f as never, {}, [0, 1], o)).toThrow(/y0 holds no tensor/);
      expect(() => odeint(3 as never, one, [0, 1], o)).toThrow(/f is number/);
      expect(() => odeint(f, one, [0, 0], o)).toThrow(/ts is not strictly monotonic/);
      expect(() => odeint(f, one, [0, 1], { ...o, args: 3 as never })).toThrow(/args is a number/);
      expect(() => odeint(f, one, [0, 1], { ...o, rtol: tf.zeros([2]) })).toThrow(/rtol has a leaf of shape \[2\]/);
      expect(() => odeint(f, one, [0, 1], { solver: 'dopri55' as never })).toThrow(/dopri55/);
      const run = () => tf.grad((y0) => tf.sum(odeint(f, y0, [0, 1], o)))(one);
      expect(run).toThrow(InvalidInputError);
      expect(run).toThrow(/no strategy is given/);
    });
  });
});
