import type * as tf from '@tensorflow/tfjs-core';
import { expectTypeOf, it } from 'vitest';
import { odeint, solve, tsit5 } from './index.ts';

declare const tensor: tf.Tensor1D;

it('types states by what goes in', () => {
  expectTypeOf(odeint((_t, y) => y, [1, 2], [0, 1])).toEqualTypeOf<Float64Array[]>();
  expectTypeOf(odeint((_t, y) => y, tensor, [0, 1])).toEqualTypeOf<tf.Tensor>();
  const state = odeint((_t, y) => ({ r: y.v, v: y.r }), { r: tensor, v: tensor }, [0, 1]);
  expectTypeOf(state).toEqualTypeOf<{ r: tf.Tensor; v: tf.Tensor }>();
  expectTypeOf(solve({ f: (_t, y) => y, y0: [1], t0: 0, t1: 1 }).ys).toEqualTypeOf<readonly Float64Array[]>();
});

it('types solvers and strategies by value and by name', () => {
  odeint((_t, y) => y, [1], [0, 1], { solver: 'tsit5' });
  odeint((_t, y) => y, [1], [0, 1], { solver: tsit5 });
  odeint((_t, y) => y, tensor, [0, 1], { gradient: 'adjoint' });
  // @ts-expect-error: no such solver
  odeint((_t, y) => y, [1], [0, 1], { solver: 'tsit6' });
  // @ts-expect-error: no such strategy
  odeint((_t, y) => y, tensor, [0, 1], { gradient: 'acca' });
  // @ts-expect-error: no such option
  odeint((_t, y) => y, [1], [0, 1], { relTol: 1e-3 });
});
