import { describeSpace, stubSolver } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import { arrayField, FieldError, float64Space, InvalidInputError, odeint } from './index.ts';

describeSpace('float64Space', float64Space, { make: (values) => Float64Array.from(values), values: (y) => y });

test('a state without components has norm 0', () => {
  const empty = new Float64Array(0);
  expect(float64Space.norm(empty)).toBe(0);
  expect(float64Space.errorNorm(empty, empty, empty, { rtol: 1, atol: 1 })).toBe(0);
});

describe('arrayField', () => {
  test('copies what the function returns, so that it may fill one array again and again', () => {
    const buffer = new Float64Array(1);
    const field = arrayField((t) => buffer.fill(t), { size: 1 });
    const first = field.evaluate(1, Float64Array.of(0));
    field.evaluate(2, Float64Array.of(0));
    expect(first).toEqual(Float64Array.of(1));
  });

  test('refuses a function that writes into its arguments', () => {
    const writing = (_t: number, y: Float64Array) => {
      y[0] = -y[0]!;
      return y;
    };
    expect(() => odeint(writing, [1], [0, 1], { solver: stubSolver(() => 0) })).toThrow('writes into its argument');
    const state = Float64Array.of(1);
    expect(() => arrayField(writing, { size: 1 }).evaluate(0, state)).toThrow('writes into its argument');
    expect(state[0]).toBe(1);
  });

  test.each([
    ['too few', () => [1]],
    ['too many', () => [1, 2, 3]],
    ['none', () => undefined as never],
  ])('refuses a slope of %s components', (_, f) => {
    const field = arrayField(f, { size: 2 });
    expect(() => field.evaluate(0.5, new Float64Array(2))).toThrow(FieldError);
    expect(() => field.evaluate(0.5, new Float64Array(2))).toThrow('t = 0.5 where 2 components are due');
  });

  test.each([
    ['y', { y: [1], p: [1] }],
    ['p', { y: [1, 2], p: [] }],
    ['p', { y: [1, 2] }],
  ])('refuses a vjp for %s of a wrong length', (what, back) => {
    const field = arrayField(() => [0, 0], { size: 2, parameters: [3], vjp: () => back });
    expect(() => field.vjp(0, new Float64Array(2), new Float64Array(2), true)).toThrow(`vjp for ${what}`);
  });

  test('has no gradient without a vjp', () => {
    const field = arrayField(() => [0], { size: 1 });
    expect(() => field.vjp(0, new Float64Array(1), new Float64Array(1), true)).toThrow(InvalidInputError);
  });
});
