import type { ByValueOrName, Solver } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import { expectTypeOf, test } from 'vitest';
import { odeint, solve, useBackend } from './index.ts';

declare const solver: Solver;
declare const tensor: tf.Tensor;
declare const vector: tf.Tensor1D;

test('the result is a tree as y0', () => {
  expectTypeOf(odeint((_t, y) => y, vector, [0, 1], { solver })).toEqualTypeOf<tf.Tensor>();
  const record = odeint(
    (_t, { a, b }) => ({ a, b: [b[0], b[1]] }),
    { a: vector, b: [tensor, tensor] as const },
    [0, 1],
    { solver },
  );
  expectTypeOf(record.a).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(record.b).toEqualTypeOf<readonly [tf.Tensor, tf.Tensor]>();
});

test('the field sees y0 and args as they are', () => {
  odeint(
    (t, y, args) => {
      expectTypeOf(t).toEqualTypeOf<tf.Scalar>();
      expectTypeOf(y).toEqualTypeOf<tf.Tensor1D>();
      expectTypeOf(args).toEqualTypeOf<{ w: tf.Tensor1D }>();
      return y;
    },
    vector,
    [0, 1],
    { solver, args: { w: vector } },
  );
  // @ts-expect-error a slope must have the state's keys
  odeint((_t, { a }) => ({ b: a }), { a: vector }, [0, 1], { solver });
  // @ts-expect-error numbers are no tensors
  odeint((_t, y) => y, { a: 3 }, [0, 1], { solver });
});

test('times are numbers or one tensor', () => {
  odeint((_t, y) => y, vector, new Float64Array([0, 1]), { solver });
  odeint((_t, y) => y, vector, vector, { solver });
  // @ts-expect-error not a list of tensors
  odeint((_t, y) => y, vector, [vector], { solver });
});

test('a solution holds trees', () => {
  const solution = solve({ f: (_t, y) => y, y0: { a: vector }, t0: 0, t1: 1 }, { solver });
  expectTypeOf(solution.ys).toEqualTypeOf<readonly { a: tf.Tensor }[]>();
});

test('names are those registered', () => {
  expectTypeOf<'no such solver'>().not.toMatchTypeOf<ByValueOrName<'solver'>>();
  // @ts-expect-error nothing of that name
  void useBackend('abacus');
});
