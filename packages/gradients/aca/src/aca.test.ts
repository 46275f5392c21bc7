import { odeintVjp } from '@neural-ode/core';
import { dopri5 } from '@neural-ode/solvers';
import { describeGradient } from '@neural-ode/testing';
import { expect, test } from 'vitest';
import { aca } from './index.ts';

describeGradient('aca', aca, { of: 'replay' });

test('pullback refuses cotangents of other shapes', () => {
  const vjp = (_t: number, _y: Float64Array, [v]: Float64Array) => ({ y: [-v!] });
  const { pullback } = odeintVjp((_t, [y]) => [-y!], [1], [0, 1], { solver: dopri5, gradient: aca, vjp });
  expect(() => pullback([undefined, [1, 2]])).toThrow('cotangents[1] has 2 components where 1 are due');
  expect(() => pullback([undefined, [Number.NaN]])).toThrow('one that is not finite');
  expect(() => pullback([undefined, [1], [1]])).toThrow('at most 2 cotangents');
  expect(() => pullback(undefined as never)).toThrow('at most 2 cotangents');
});
